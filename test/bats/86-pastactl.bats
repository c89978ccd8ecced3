# SPDX-License-Identifier: Apache-2.0
#
# pastactl: running instances for people, and for programs with --json.

load helpers
load ports
load control
load names

another() { background "$1" host "$PASTA" --config-net -q "${@:2}"; }
instances_are() { ctl ls && [[ $(grep -c . <<< "$output") -eq $1 ]]; }

@test "pastactl: ls has all instances, the age, and what they are for" {
	ctl ls
	assert "$status $output" =~ ^0\ *PID[^$'\n']*$ "without any"
	start_controlled --config-net -q
	another second -- sleep 1000
	wait_until instances_are 3
	assert "$output" =~ PID\ +AGE\ +FLOWS\ +OUT/s\ +IN/s\ +LOCAL/s\ +VERSION\ +"LEAVES BY" "heads"
	assert "$output" =~ $PASTA_PID\ +[0-9]+s\ +[0-9]+\ +[0-9.KMG]+\ +[0-9.KMG]+\ +0\ +[0-9.]+\ +v0\ 198.51.100.1\ +bash\ -c "first"
	assert "$output" =~ [0-9]+s\ +0\ +[0-9.KMG]+\ +[0-9.KMG]+\ +0\ +[0-9.]+\ +"v0 198.51.100.1  sleep 1000" "second"
	ctl --json ls
	assert "$(field 'map(.pid) | length')" == 2 "statuses"
}

# rate_is MIN NAME: bytes a second of the only instance, as ls has them for programs
shows() { ctl ls && [[ $output =~ $1 ]]; }
rate_is() { ctl --json ls && [[ $(field ".[0].$2") -ge $1 ]]; }

@test "pastactl: ls has what goes through an instance a second, out, in and beside the tap" {
	start_controlled --config-net -q -t 5001
	serve remote tcp 5000 socat -u TCP-LISTEN:5000,fork,reuseaddr OPEN:/dev/null
	serve remote tcp 5002 socat -u OPEN:/dev/zero TCP-LISTEN:5002,fork,reuseaddr
	inside bash -c 'socat -u OPEN:/dev/zero TCP:'"$R4"':5000 & echo $! > '"$T"'/out.pid; disown'
	wait_until rate_is 1000000 out_rate
	assert "$(field '.[0].local_rate')" == 0 "beside the tap"
	wait_until shows '[ms] +[0-9]+ +[0-9.]+[MG] +[0-9.]+[KMG]? +0 +[0-9]'
	inside bash -c "kill $(< "$T/out.pid")"
	inside bash -c 'socat -u TCP:'"$R4"':5002 OPEN:/dev/null & disown'
	wait_until rate_is 1000000 in_rate
	inside_serve tcp 5001 socat -u TCP-LISTEN:5001,fork OPEN:/dev/null
	background local host socat -u OPEN:/dev/zero TCP:127.0.0.1:5001
	wait_until rate_is 1000000 local_rate
}

@test "pastactl: the instance is chosen by process, command, path, or is the only one" {
	start_controlled --config-net -q
	ctl log
	assert "$output" == warning "of the only one"
	another second -- /bin/sleep 1000
	wait_until instances_are 3
	refused "there are 2 instances (say which one: -i PID, see pastactl ls)" log
	for which in "$PASTA_PID" bash "$SOCKET"; do
		ctl -i "$which" --json status
		assert "$(field .pid)" == "$PASTA_PID" "instance '$which'"
	done
	ctl -i sleep --json status
	assert "$(field .command)" == "/bin/sleep 1000" "instance by another name"
	another third -- sleep 1000
	wait_until instances_are 4
	refused "there are 2 instances of sleep" -i sleep log
}

@test "pastactl: what is not there, or not understood, is one line and status 1" {
	refused "no instance of yours is running" status
	start_controlled --config-net -q
	refused "no instance of yours runs 'nosuch'" -i nosuch status
	refused "no instance of yours has the PID 99999 (see pastactl ls)" -i 99999 log
	refused "a command is missing"
	refused "'frob': no such command" frob
	refused "flows: 'frob': must be tcp" flows frob
	refused "log: 'loud': must be error" log loud
	refused "ls: 'all': nothing may follow" ls all
	refused "forward: 'show': must be ls, add, rm or replace" forward show
	refused "forward: a word is missing: must be ls, add, rm or replace" forward
	refused "forward rm: 'x': must be a rule's ID, or -t, -u, -T or -U" forward rm x
	refused "quit: 'later': must be now, if anything" quit later
	refused "unrecognized option '--frob'" --frob
	refused "a word has no blanks" log "info info"
	touch "$T/file"
	refused "'$T/file': no pasta listens there" -i "$T/file" log
	XDG_RUNTIME_DIR= refused "XDG_RUNTIME_DIR, which says where instances are, is not set" ls
}

@test "pastactl: a socket that somebody else has left or serves is no instance" {
	start_controlled --config-net -q
	background other host socat -u "UNIX-LISTEN:$T/run/pasta/1.sock,unlink-close=0" - # for one client
	wait_until test -S "$T/run/pasta/1.sock"
	host socat -u /dev/null "UNIX-CONNECT:$T/run/pasta/1.sock"
	finish other
	ctl ls
	assert "$(grep -c . <<< "$output")" == 2 "lines: $output"
	refused "no pasta listens there" -i 1 log
	background fool host socat "UNIX-LISTEN:$T/socket,fork" SYSTEM:'read -r x; echo "{}"'
	wait_until test -S "$T/socket"
	refused "another version of the protocol" -i "$T/socket" log
}

@test "pastactl: status, flows, forward ls and stats are tables" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled --config-net -q -t 8080:80
	inside bash -c "exec 3<> /dev/tcp/$R4/5000; sleep 1000 3<&3 & exec sleep 0"
	ctl status
	assert "$output" =~ interface\ +v0 "status"
	assert "$output" =~ address\ +198.51.100.1/24 "status"
	assert "$output" =~ buffers\ +0.*at\ most\ +[1-9] "status"
	ctl flows tcp
	assert "$output" =~ ^KIND\ +NAMESPACE\ +REMOTE\ +PEER\ +STATE\ +OUT\ +IN\ +AGE\ +IDLE\ +RULE "heads of flows"
	assert "$output" =~ tcp\ +198.51.100.1:[0-9]+\ +$R4:5000\ +$R4:5000\ +established "flows"
	ctl forward ls
	assert "$output" =~ 1\ +-t\ +8080:80\ +1 "rules"
	ctl stats
	assert "$output" =~ 1\ +"TCP opened" "counters"
	assert "$output" lacks "TCP reset" "counters that are 0"
}

@test "pastactl: dns has the resolvers, which is asked, and which does not answer" {
	dns 127.0.0.53 192.0.2.1
	resolv_conf <<< $'nameserver 127.0.0.54\nnameserver 127.0.0.53'
	start_controlled --config-net -q --dns-forward 169.254.1.1
	ctl dns
	assert "$output" =~ 127.0.0.54\ +"IPv4, IPv6"\ +0 "at first: $stderr"
	inside dig +short +time=9 +tries=1 @169.254.1.1 name.test
	assert "$output" == 192.0.2.1 "answer"
	ctl dns
	assert "$output" =~ 127.0.0.54\ +1\ +"does not answer" "first resolver"
	assert "$output" =~ 127.0.0.53\ +"IPv4, IPv6"\ +0 "second resolver"
	ask dns
	assert "$(field '.resolvers[0].dns.passed_over, .resolvers[0].tls.passed_over, .asked.ipv4' | tr '\n' ' ')" == \
		"true false 127.0.0.53 " "for programs"
	ask counters
	assert "$(field '.counters."resolver failures"')" == 1 "failures"
}

# A change by mmap(2) is one that inotify(7) does not tell of
@test "pastactl: dns reread has resolv.conf read again, of whose change nobody tells" {
	resolv_conf <<< "nameserver 127.0.0.52"
	start_controlled --config-net -q --dns-forward 169.254.1.1
	resolv_conf <<< "nameserver 127.0.0.54"
	wait_until dns_is 127.0.0.54
	cat > "$T/change.py" <<-'END'
		import mmap, sys, time
		f = open(sys.argv[1], "r+b") # closing it would be told of
		m = mmap.mmap(f.fileno(), 0)
		m[19:21] = b"53"
		print("changed", flush=True)
		time.sleep(1000)
	END
	background change host python3 "$T/change.py" "$T/etc/resolv.conf"
	wait_until grep -q changed "$T/change"
	ctl dns reread
	assert "$status$stderr" == 0 "reread"
	wait_until dns_is 127.0.0.53
	refused "must be reread, if anything" dns again
}
dns_is() { ctl dns && [[ $output == *"$1 "* ]]; }

@test "pastactl: dns reread is refused where resolv.conf makes no difference" {
	start_controlled --config-net -q --no-map-gw
	refused "makes a difference" dns reread
}

@test "pastactl: log changes the level, quit ends the instance" {
	start_controlled --config-net -q
	ctl log debug
	assert "$output" == debug "answer"
	ctl log
	assert "$output" == debug "level"
	ctl quit
	assert "$status $output" == "0 " "quit"
	finish pasta
	ctl ls
	assert "$output" =~ ^\ *PID[^$'\n']*$ "instances"
}

@test "pastactl: a command cannot draw on the terminal, and lines fit it" {
	another wide -- bash -c $'sleep 1000 # \e[31m'"$(printf '%0200d' 1)"
	wait_until instances_are 2
	assert "$output" contains '# ?[31m000' "command"
	host script -qec "stty cols 60; ${PASTA}ctl ls" /dev/null > "$T/screen" < /dev/null
	assert "$(tr -d '\r' < "$T/screen" | awk 'length > 60' | wc -l)" == 0 "long lines"
	assert "$(grep -c . "$T/screen")" == 2 "lines"
}

@test "pastactl: forwarded ports are added, replaced and removed" {
	start_controlled --config-net -q -t 8080:80 -u none -T none -U none
	ctl forward add -t 8081:80,8082:80
	assert "$status $output" == "0 2 rules changed: ID 2, 3" "added"
	ctl forward add --tcp-ports 8081:80
	assert "$status $output" == "0 nothing to change: ID 2" "added again"
	ctl forward rm 2
	assert "$status $output" == "0 1 rule changed" "removed"
	ctl forward rm -t 8082:80
	ctl --json forward ls
	assert "$(field '.forwards | map(.spec) | join(" ")')" == 8080:80 "specs"
	ctl forward replace -t none
	ctl forward ls
	assert "$(wc -l <<< "$output")" -eq 1 "rules"
	refused "--tcp-ports '600': cannot listen on TCP port 600" forward add -t 600
	refused "forward: 'x': must be -t, -u, -T or -U" forward add x
	refused "ports are added or removed by one option at a time" forward add -t 1 -u 1
	refused "'-t': there is nothing that could follow" status -t 80
}
