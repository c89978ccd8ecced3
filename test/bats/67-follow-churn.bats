# SPDX-License-Identifier: Apache-2.0
#
# The host's network changes all the time, under traffic that goes by what stays: $CHURN_SECONDS
# (default 5; `make soak` has 30).

load helpers
load ports
load control
load follow

# churn SECONDS SEED: random changes of what is beside v0's first addresses, on the host; errors are what many
# of them come to, as what is to be removed isn't always there
churn() {
	background churn host bash -c 'RANDOM=$2; end=$((SECONDS + $1)) peer=$3 count=0
		remote() { nsenter -t "$peer" -n ip "$@"; }
		while ((SECONDS < end)); do
			n=$((50 + RANDOM % 4)) op=add
			((RANDOM % 2)) || op=del
			case $((RANDOM % 12)) in
			0) ip address $op 198.51.100.$n/24 dev v0 ;;
			1) ip address $op 2001:db8:1::$n/64 dev v0 nodad noprefixroute ;;
			2) ip address change 2001:db8:1::$n/64 dev v0 preferred_lft 0 valid_lft 600 noprefixroute ;;
			3) ip route replace default via 192.0.2.3; ip -6 route replace default via 2001:db8:5::3 ;;
			4) ip route replace default via 198.51.100.2; ip -6 route replace default via 2001:db8:1::2 ;;
			5) ip link delete v5 ;;
			6) ip link add v5 type veth peer name v5 netns "$peer" && remote link set v5 up && ip link set v5 up &&
				ip address add 192.0.2.1/24 dev v5 && ip address add 2001:db8:5::1/64 dev v5 nodad ;;
			7) ip link set v5 down; ip link set v5 name wlan5; ip link set wlan5 up ;;
			8) ip link set wlan5 down; ip link set wlan5 name v5; ip link set v5 up ;;
			9) remote link set v5 down; remote link set v5 up ;;
			10) ip rule $op pref 100 to 10.0.0.0/8 table 51; ip -6 rule $op pref 100 to fc00::/7 table 51 ;;
			11) ip route $op 10.$n.0.0/16 via 198.51.100.3; ip address $op 10.9.8.$n/32 dev lo ;;
			esac
			count=$((count + 1))
			((RANDOM % 8)) || read -rt 0.$((RANDOM % 4)) <> <(:)
		done 2> /dev/null
		for name in v5 wlan5; do ip link delete $name 2> /dev/null; done
		ip address del 10.9.8.50/32 dev lo 2> /dev/null
		ip route replace default via 198.51.100.2; ip -6 route replace default via 2001:db8:1::2
		echo "$count changes"' churn "$1" "$2" "$(host_view "$REMOTE")"
}

# transfers FILE: both ways, one after another, until $T/stop is there; sums of what has come to $T/sums-in and $T/sums-out
transfers() {
	serve remote tcp 5001 socat -u TCP-LISTEN:5001,fork,reuseaddr "SYSTEM:sha256sum >> $T/sums-out"
	serve remote tcp 5002 socat -U TCP-LISTEN:5002,fork,reuseaddr "OPEN:$1"
	inside bash -c 'while [[ ! -e $1/stop ]]; do
			socat -u "OPEN:$2" "TCP:$0:5001" && echo >> "$1/sent"
			socat -u "TCP:$0:5002" - | sha256sum >> "$1/sums-in"
		done > "$1/failures" 2>&1 < /dev/null & echo $! > "$1/transfers"; disown' $R4 "$T" "$1"
}
transfers_have_ended() { inside kill -0 "$(< "$T/transfers")" && [[ $status != 0 ]]; }
same_lines() { [[ $(wc -l < "$1") == "$(wc -l < "$2")" ]]; }

# opens ADDR: 50 connections to port 5000 there, each of which has had an answer
opens() {
	inside bash -c '"$0" open "$1" 5000 50 < <(exec sleep 1000) > "$2/opened-$1" 2>&1 & disown' "$TOOLS/load" "$1" "$T"
	wait_until grep -q "50 open" "$T/opened-$1"
}

@test "follow: random changes under traffic: nothing breaks, none costs much, and in the end all is right" {
	local file sum fds used watcher seconds=${CHURN_SECONDS:-5} seed=$RANDOM
	echo "seed: $seed"
	file=$(payload 3000000) sum=$(sum_of "$file")
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	start_controlled -q --config-net
	wait_until is_locked_in pasta-host
	opens $R4
	opens $R6
	fds=$(fd_count "$PASTA_PID")
	transfers "$file"
	watcher=$(host pgrep -x pasta-host) used=$(cpu_us "$(host pgrep -x pasta-host)")
	churn "$seconds" "$seed"
	WAIT=$((seconds * 2 + 20)) wait_until status_is_there churn
	echo "$(< "$T/churn"), $(($(cpu_us "$watcher") - used)) us of the watcher"
	[[ -n ${SAN:-} ]] || assert $((($(cpu_us "$watcher") - used) / seconds)) -lt 200000 "us a second of the watcher"
	touch "$T/stop"
	wait_until transfers_have_ended
	wait_until same_lines "$T/sent" "$T/sums-out"
	assert "$(cat "$T/sums-in" "$T/sums-out" | sort -u)" == "$sum" "sums of all that has come"
	assert "$(cat "$T/failures")" == "" "failures"
	assert "$(remote ss -Htn state established "sport = :5000" | wc -l)" == 100 "connections that were there before"
	wait_until leaves_by ipv4 "v0 198.51.100.1"
	wait_until fds_are $((fds + 20)) # the pool of sockets may have been filled since
	assert "$(fd_count "$watcher")" -le 8 "descriptors of the watcher"
	inside "$TOOLS/probe" udp $R4 5000
	assert "$output" == "answer 1 bytes" "UDP"
	wait_until is_idle "$watcher"
	wait_until is_idle "$PASTA_PID"
}
