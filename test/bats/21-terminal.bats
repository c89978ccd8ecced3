# SPDX-License-Identifier: Apache-2.0
#
# The command on a terminal: Ctrl-C, Ctrl-Z, job control. expect plays the person.

load helpers

# on_terminal SCRIPT: run an expect script on the host; $PASTA is in its environment
on_terminal() {
	output=$(host timeout --foreground 60 env PASTA="$PASTA" PS1='prompt> ' TERM=dumb expect -c "
		set timeout 10
		proc want {text} {
			expect {
				-ex \$text {}
				timeout { puts \"no '\$text'\"; exit 1 }
				eof { puts \"end instead of '\$text'\"; exit 1 }
			}
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
	on_terminal '
		spawn $env(PASTA) -q -- bash -c {trap "echo caught" INT; echo up; read x; echo "then: $x"}
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
		spawn bash --norc --noprofile -i
		want "prompt> "
		send "\$PASTA -q -- sh -c \"echo up; exec cat\"\r"
		want "\nup"
		send "\032"
		want Stopped
		want "prompt> "
		send "fg\r"
		want "cat"
		send "abc\r"
		want "\nabc\r\nabc"
		send "\004"
		want "prompt> "
		send "echo status $?\r"
		want "status 0"'
}

@test "terminal: after Ctrl-Z the command can go on in the background" {
	on_terminal '
		spawn bash --norc --noprofile -i
		want "prompt> "
		send "\$PASTA -q -- sh -c \"echo up; exec sleep 2\"\r"
		want "\nup"
		send "\032"
		want Stopped
		want "prompt> "
		send "bg\r"
		want "prompt> "
		send "jobs\r"
		want Running
		want "prompt> "
		send "wait; jobs; echo over\r"
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
		want "cat"
		send "abc\r"
		want "\nabc\r\nabc"
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
		spawn bash --norc --noprofile -i
		want "prompt> "
		send "\$PASTA -q -- true; \$PASTA -q -- sh -c \"kill -9 \\$\\$\"; echo go; cat\r"
		want "\ngo"
		send "abc\r"
		want "\nabc\r\nabc"
		send "\003"
		want "prompt> "'
}
