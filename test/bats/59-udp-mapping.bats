# SPDX-License-Identifier: Apache-2.0
#
# UDP from one port of the namespace: peers see one port of the host, answers from other ports arrive,
# nobody else's datagrams are taken.

load helpers
load ports

# tells NS PORT: a server that says where its client comes from
tells() { serve "$1" udp "$2" socat -t 0.5 "UDP4-RECVFROM:$2,fork" 'SYSTEM:read x; echo $SOCAT_PEERPORT'; }

# seen_from ADDR PORT: what it says to the namespace's port 44000
seen_from() {
	inside bash -c 'echo x | socat -t3 - "UDP4:$0:$1,sourceport=44000" | head -n1' "$1" "$2"
	[[ -n $output ]]
}

@test "udp: several peers see the namespace's own port" {
	tells remote 5000
	tells far 5001
	start_pasta --config-net -q -u none
	seen_from $R4 5000
	assert "$output" == 44000 "port that remote sees"
	seen_from $F4 5001
	assert "$output" == 44000 "port that far sees"
}

@test "udp: several peers see one port, and the host keeps its own" {
	local port
	tells remote 5000
	tells far 5001
	serve host udp 44000 "$TOOLS/load" serve 44000
	start_pasta --config-net -q -u none -U none
	seen_from $R4 5000
	port=$output
	assert "$port" != 44000 "port that remote sees"
	seen_from $F4 5001
	assert "$output" == "$port" "port that far sees"
	udp_echoes remote $H4 44000
	udp_echoes host 127.0.0.1 44000
}

@test "udp: a service of the host on its loopback alone keeps its port" {
	tells remote 5000
	serve host udp 44000 socat UDP4-RECVFROM:44000,bind=127.0.0.1,fork EXEC:cat
	start_pasta --config-net -q -u none -U none
	seen_from $R4 5000
	assert "$output" != 44000 "port that remote sees"
	udp_echoes host 127.0.0.1 44000
}

@test "udp: many peers of one port take one descriptor" {
	local before
	start_pasta --config-net -q -u none
	inside true
	before=$(fd_count "$PASTA_PID")
	inside bash -c 'for port in {6000..6039}; do
		echo x | socat -u - "UDP4-SENDTO:$0:$port,bind=:44000"; done' $R4
	assert "$(fd_count "$PASTA_PID")" -le $((before + 1)) "descriptors"
}

@test "udp: an answer comes from another port of the server, as TFTP's, but not from elsewhere" {
	echo 'read x; echo data | socat -u - "UDP4-SENDTO:$SOCAT_PEERADDR:$SOCAT_PEERPORT"' > "$T/answer"
	serve remote udp 6900 socat UDP4-RECVFROM:6900,fork "SYSTEM:bash $T/answer"
	start_pasta --config-net -q -u none
	mkfifo "$T/says"
	printf '%s\n' "socat - UDP4-DATAGRAM:$R4:6900,bind=:44000 <> $T/says > $T/got & disown" >&"$COMMANDS"
	echo please > "$T/says"
	wait_until grep -q data "$T/got"
	far bash -c "echo forged | socat -u - UDP4-SENDTO:$H4:44000"
	: > "$T/got"
	echo please > "$T/says"
	wait_until grep -q data "$T/got"
	assert "$(< "$T/got")" lacks forged "what came"
}

# fetched ADDR: a file by TFTP from there
fetched() {
	host curl -sS --max-time 8 -o "$T/got" "tftp://$1:6900/file"
	host cmp "$T/got" "$T/file"
}

@test "udp: TFTP: clients on the host get their file from a server in the namespace" {
	local options
	head -c 20000 /dev/urandom > "$T/file"
	chmod 644 "$T/file" # or the server keeps it to itself
	for options in "" "--no-map-gw" "--map-guest-addr 192.0.2.9"; do
		background pasta host "$PASTA" --config-net -q -t none -u 6900:69 $options -- dnsmasq --no-daemon \
			--conf-file=/dev/null --port=0 --enable-tftp "--tftp-root=$T" --user=root --pid-file
		wait_until grep -q "TFTP root" "$T/pasta.err"
		fetched 127.0.0.1
		fetched $H4
		fetched '[::1]'
		host kill "$(< "$T/pasta.pid")"
		finish pasta
	done
}

@test "udp: a server on a forwarded port that asks first is seen from there" {
	tells remote 5000
	start_pasta --config-net -q -u 44000
	seen_from $R4 5000
	assert "$output" == 44000 "port that remote sees"
}

@test "udp: a port that the namespace sends from is forwarded once it listens there" {
	tells remote 5000
	start_pasta --config-net -q -t none -u auto
	inside bash -c 'echo x | socat -t3 - "UDP4:$0:5000,sourceport=7000" | head -n1' $R4
	assert "$output" == 7000 "port that remote sees"
	inside_serve udp 7000 "$TOOLS/load" serve 7000
	wait_until udp_echoes remote $H4 7000
}
