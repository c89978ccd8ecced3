# SPDX-License-Identifier: Apache-2.0
#
# The command on a terminal: Ctrl-C, Ctrl-Z, job control. expect plays the person.

load helpers

# on_terminal SCRIPT: run an expect script on the host; $PASTA and $T are in its environment
on_terminal() {
	output=$(host timeout --foreground -k 5 60 env PASTA="$PASTA" T="$T" PS1='prompt> ' TERM=dumb expect -c "
		set timeout 10
		proc want {text} {
			expect {
				-ex \$text {}
				timeout { puts \"no '\$text'\"; exit 1 }
				eof { puts \"end instead of '\$text'\"; exit 1 }
			}
		}
		proc start_shell {} {
			uplevel 1 {spawn bash --norc --noprofile -i}
			want \"prompt> \"
		}
		$1") || { echo "$output"; return 1; }
}

@test "terminal: Ctrl-C ends the command, pasta's status tells" {
	on_terminal '
		spawn $env(PASTA) -q -- sh -c "echo up; exec sleep 100"
		want up
		send "\003"
		expect eof
		set result [wait]
		exit [expr {[lindex $result 3] != 130}]'
}

@test "terminal: a command that catches Ctrl-C goes on" {
	# again and again: a read without end would sleep on a Ctrl-C that came just before it
	on_terminal '
		spawn $env(PASTA) -q -- bash -c {
			trap "echo caught" INT
			echo up
			until read -t 0.2 x; do :; done
			echo "then: $x"
		}
		want up
		send "\003"
		want caught
		send "more\r"
		want "then: more"
		expect eof'
}

@test "terminal: Ctrl-backslash ends the command" {
	on_terminal '
		spawn $env(PASTA) -q -- sh -c "ulimit -c 0; echo up; exec sleep 100"
		want up
		send "\034"
		expect eof
		set result [wait]
		exit [expr {[lindex $result 3] != 131}]'
}

@test "terminal: the command may read and write it, and change it" {
	on_terminal '
		spawn $env(PASTA) -q -- bash -c {stty -echo; stty echo; read -p "name? " x; echo "hello $x"}
		want "name? "
		send "you\r"
		want "hello you"
		expect eof'
}

@test "terminal: Ctrl-Z stops it for the calling shell, fg resumes it" {
	on_terminal '
		start_shell
		send "\$PASTA -q -- sh -c \"echo up; exec cat\"\r"
		want "\nup"
		send "\032"
		want Stopped
		want "prompt> "
		send "fg\r"
		want "cat\"\r\n"
		send "abc\r"
		want "abc\r\nabc"
		send "\004"
		want "prompt> "
		send "echo status $?\r"
		want "status 0"'
}

@test "terminal: after Ctrl-Z the command can go on in the background" {
	mkfifo "$T/end"
	on_terminal '
		start_shell
		send "\$PASTA -q -- sh -c \"echo up; read x < \$T/end\"\r"
		want "\nup"
		send "\032"
		want Stopped
		want "prompt> "
		send "bg\r"
		want "prompt> "
		send "jobs\r"
		want Running
		want "prompt> "
		send "echo > \$T/end; wait; jobs; echo over\r"
		want "\nover"'
}

@test "terminal: an interactive shell in the namespace has job control of its own" {
	on_terminal '
		spawn $env(PASTA) -q -- bash --norc --noprofile -i
		want "prompt> "
		send "sh -c \"echo up; exec cat\"\r"
		want "\nup"
		send "\032"
		want Stopped
		want "prompt> "
		send "fg\r"
		want "cat\"\r\n"
		send "abc\r"
		want "abc\r\nabc"
		send "\003"
		want "prompt> "
		send "exit 5\r"
		expect eof
		set result [wait]
		exit [expr {[lindex $result 3] != 5}]'
}

@test "terminal: the prompt of the shell shows where one is" {
	on_terminal '
		set env(SHELL) /bin/bash
		set env(HOME) /nonexistent
		spawn $env(PASTA) -q
		want pasta
		send "exit\r"
		expect eof'
}

@test "terminal: when the command is over, the calling shell has it back" {
	on_terminal '
		start_shell
		send "\$PASTA -q -- true; \$PASTA -q -- sh -c \"kill -9 \\$\\$\"; echo go; cat\r"
		want "\ngo\r\n"
		send "abc\r"
		want "abc\r\nabc"
		send "\003"
		want "prompt> "'
}

@test "terminal: the other end of a pipeline keeps it" {
	on_terminal '
		start_shell
		send "\$PASTA -q -- sh -c \"echo up; exec sleep 100\" | (read x; read -p \"key? \" key < /dev/tty; echo got \$x, \$key)\r"
		want "\nkey? "
		send "this\r"
		want "\ngot up, this"
		send "\003"
		want "prompt> "'
}

@test "terminal: a script that has pasta in the background keeps it" {
	on_terminal '
		spawn bash -c {
			$PASTA -q -- sh -c "> $T/up; exec sleep 100" &
			until [ -e $T/up ]; do :; done
			read -p "name? " x
			echo "hello $x"
			kill $!
			wait $!
			echo "status $?"
		}
		want "name? "
		send "you\r"
		want "hello you"
		want "status 143"
		expect eof'
}

@test "terminal: Ctrl-C leaves alone what a script has put in the background" {
	on_terminal '
		spawn bash -c {
			trap "echo caught" INT
			$PASTA -q -- sh -c "> $T/up; exec sleep 100" &
			until [ -e $T/up ]; do :; done
			read -p "press " x
			kill $!
			wait $!
			echo "status $?"
		}
		want "press "
		send "\003"
		want "^C"
		send "\r"
		want caught
		want "status 143"
		expect eof'
}

@test "terminal: a subshell that leaves pasta behind does not take it from the calling shell" {
	mkfifo "$T/end"
	on_terminal '
		start_shell
		send "( \$PASTA -q -- sh -c \"> \$T/up; read x < \$T/end\" & )\r"
		want "prompt> "
		send "until test -e \$T/up; do :; done; read -p \"first? \" x; echo got \$x\r"
		want "\nfirst? "
		send "one\r"
		want "\ngot one"
		want "prompt> "
		send "echo > \$T/end; while pgrep -x pasta; do :; done > /dev/null; read -p \"second? \" x; echo got \$x\r"
		want "\nsecond? "
		send "two\r"
		want "\ngot two"
		want "prompt> "'
}

@test "terminal: Ctrl-C ends a script that runs one pasta after another" {
	on_terminal '
		spawn bash -c {for i in 1 2 3; do $PASTA -q -- sh -c "echo up \$0; exec sleep 100" $i; done; echo over}
		want "up 1"
		send "\003"
		expect {
			"up 2" {exit 1}
			over {exit 1}
			timeout {exit 1}
			eof {}
		}
		exit [expr {[lrange [wait] 4 5] != "CHILDKILLED SIGINT"}]'
}

@test "terminal: the calling shell sees status 130 after Ctrl-C, 131 after Ctrl-backslash" {
	on_terminal '
		start_shell
		foreach {key status} {"\003" 130 "\034" 131} {
			send "\$PASTA -q -- sh -c \"ulimit -c 0; echo up; exec sleep 100\"\r"
			want "\nup"
			send $key
			want "prompt> "
			send "echo status \$?\r"
			want "\nstatus $status"
			want "prompt> "
		}'
}

@test "terminal: what is sent to the whole group reaches the command once" {
	cat > "$T/command" <<-'END'
		trap 'echo caught' USR1
		trap 'echo over; exit' USR2
		exec 9<> <(:) # once: a trap that is due while bash forks may get lost
		> "$T/up"
		while :; do read -rt 1 -u 9; done
	END
	on_terminal '
		start_shell
		send "\$PASTA -q -- bash \$T/command &\r"
		want "prompt> "
		send "until test -e \$T/up; do :; done; kill -USR1 %1; kill -USR2 \$!\r"
		want caught
		expect {
			caught {exit 1}
			over {}
			timeout {exit 1}
		}'
}

@test "terminal: kill stops and continues pasta and its command, alone or as a group" {
	cat > "$T/functions" <<-'END'
		# states LETTERS: until both processes are in one of these states
		states() {
			until [[ $(grep -h ^State: /proc/{$pasta,$command}/status) =~ :.[$1].*:.[$1] ]]; do :; done
		}
		pair() {
			kill -TSTP "$1"; states T
			kill -CONT "$1"; states SR
		}
	END
	on_terminal '
		start_shell
		send ". \$T/functions; \$PASTA -q -- sh -c \"> \$T/up; exec sleep 100\" &\r"
		want "prompt> "
		send "until test -e \$T/up; do :; done; pasta=\$!; command=\$(pgrep -n -x \"sh|sleep\")\r"
		want "prompt> "
		send "pair \$pasta; pair -\$pasta; pair \$pasta; kill -TERM %1; wait %1; echo status \$?\r"
		want "\nstatus 143"'
}

@test "terminal: a stopped shell of the namespace has it back after fg" {
	on_terminal '
		start_shell
		send "\$PASTA -q -- env \"PS1=inner> \" sh -i\r"
		want "\ninner> "
		send "kill -STOP \$\$\r"
		want Stopped
		want "prompt> "
		send "fg\r"
		want "sh -i"
		send "echo a\$((1 + 1))b\r"
		want "a2b"'
}

@test "terminal: a shell without a command waits for the foreground, and leaves without complaint" {
	on_terminal '
		set env(SHELL) /bin/sh
		start_shell
		send "\$PASTA -q & until jobs -s | grep -q PASTA; do :; done\r"
		want "Stopped"
		want "prompt> "
		send "fg\r"
		want "pasta# "
		send "exit 5\r"
		want "prompt> "
		send "echo status \$?\r"
		want "status 5"'
}

@test "terminal: a shell that reads from a pipeline leaves it to that" {
	mkfifo "$T/end"
	on_terminal '
		start_shell
		send "echo \"echo up; read x < \$T/end\" | SHELL=/bin/sh \$PASTA -q | (read x; read -p \"key? \" x < /dev/tty; echo got \$x; echo > \$T/end)\r"
		want "\nkey? "
		send "abc\r"
		want "\ngot abc"
		want "prompt> "'
}

@test "terminal: a killed interactive shell does not keep it from the calling script" {
	local option
	for option in --no-pidns --quiet; do
		on_terminal "set option $option"'
			set env(OPTION) $option
			spawn bash -c {$PASTA -q $OPTION -- env PS1="prompt> " bash --norc --noprofile -i; read -p "now? " x; echo "got $x"}
			want "prompt> "
			send "kill -KILL \$\$\r"
			want "now? "
			send "it\r"
			want "got it"
			expect eof'
	done
}

@test "terminal: a hang-up reaches the command" {
	on_terminal '
		spawn $env(PASTA) -q -- sh -c "echo up; exec sleep 100"
		want up
		close
		set result [wait]
		exit [expr {[lindex $result 3] != 129}]'
}

@test "terminal: whoever takes the init over can end pasta by the channel, and do nothing else to it" {
	# on a terminal, where it does stop with COMMAND; the status is that of the last message
	status=0
	output=$(host script -qec "$PASTA -q -- $TOOLS/forge 42" /dev/null </dev/null 2>&1) || status=$?
	assert "$output" == "" "output"
	assert "$status" == 42 "status"
}
