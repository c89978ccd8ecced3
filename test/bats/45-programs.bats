# SPDX-License-Identifier: Apache-2.0
#
# A regular user at work: the programs that people use on a network, out of the namespace, as they
# come. The ssh server is run by the user as well, with keys and a configuration of its own.

load helpers
load regular-user

# in_user_ns CMD: in the namespace of a user's pasta
in_user_ns() { user_pasta 0 --config-net -q -- "$@"; }

@test "programs: dig asks by UDP and TCP, over IPv4 and IPv6" {
	local addr
	serve remote udp 53 dnsmasq --no-daemon --port=53 --user=root --no-resolv --no-hosts \
		--pid-file= --address=/some.example/192.0.2.7 --bind-interfaces
	for addr in $R4 $R6; do
		in_user_ns dig +short +time=2 +tries=2 some.example "@$addr"
		assert "$output" == 192.0.2.7 "answer by UDP of $addr"
		in_user_ns dig +short +tcp +time=2 +tries=2 some.example "@$addr"
		assert "$output" == 192.0.2.7 "answer by TCP of $addr"
	done
}

@test "programs: curl gets a page over IPv4 and IPv6" {
	local addr
	printf 'HTTP/1.0 200 OK\r\n\r\nhello\n' > "$T/page"
	serve remote tcp 8080 socat -t 5 TCP6-LISTEN:8080,ipv6only=0,fork \
		SYSTEM:"sed -u /^.\$/q >/dev/null; cat $T/page"
	for addr in $R4 "[$R6]"; do
		in_user_ns curl -sS --max-time 5 "http://$addr:8080/"
		assert "$output" == hello "page by $addr"
	done
}

@test "programs: ping, over IPv4 and IPv6" {
	local addr
	for addr in $R4 $R6 $F4 $F6; do
		in_user_ns ping -c2 -i 0.2 -w 10 "$addr"
		at_least_received 2
	done
}

@test "programs: iperf3 by TCP both ways, and by UDP" {
	local options
	for options in "" -R "-u -b 50M"; do
		serve remote tcp 5201 iperf3 -s -1
		in_user_ns iperf3 -f M -t 1 -c $R4 $options
		assert "$output" =~ [1-9][0-9.]*\ MBytes.*receiver "iperf3 $options"
		finish server-5201 # it has the port until then
	done
}

# ssh_server: on the remote host, by a user whom its database knows as "someone"
ssh_server() {
	local dir=$T/ssh
	chmod 777 "$T"
	mkdir -m 777 "$dir"
	printf 'root:x:0:0::/:/bin/sh\nsomeone:x:%s:%s::%s:/bin/sh\n' $ID $ID "$dir" > "$T/passwd"
	chmod 644 "$T/passwd"
	host mount --bind "$T/passwd" /etc/passwd
	as_user ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	as_user ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	printf '[%s]:2222 %s\n' $R4 "$(< "$dir/host.pub")" "$R6" "$(< "$dir/host.pub")" > "$dir/known"
	printf '%s\n' "HostKey $dir/host" "AuthorizedKeysFile $dir/key.pub" "Port 2222" 'PidFile none' \
		'StrictModes no' 'Subsystem sftp internal-sftp' "$@" > "$dir/config"
	serve as_remote_user tcp 2222 "$(PATH=$PATH:/usr/sbin:/sbin type -P sshd)" -D -e -f "$dir/config"
	SSH_OPTIONS=(-F none -i "$dir/key" -o "UserKnownHostsFile=$dir/known" -o BatchMode=yes
		-o User=someone -o Port=2222 -o LogLevel=ERROR)
}

@test "programs: ssh runs a command and brings its output and exit status, over IPv4 and IPv6" {
	local addr
	ssh_server
	for addr in $R4 $R6; do
		user_pasta 7 --config-net -q -- ssh "${SSH_OPTIONS[@]}" $addr 'id -un; echo "$SSH_CLIENT"; exit 7'
		assert "$output" =~ ^someone$'\n'"${addr%3}1 " "output"
	done
}

@test "programs: ssh goes where a policy lets it, and nowhere else" {
	ssh_server
	user_pasta 0 --config-net -q --allow "tcp/$R4:2222" -- bash -c '"$@" '$R4' echo there; "$@" '$R6' echo there || echo $?' \
		bash ssh "${SSH_OPTIONS[@]}"
	assert "$output" == $'there\n255' "what the two have said"
}

@test "programs: scp copies 10 MB there and back" {
	local file
	file=$(payload 10000000)
	ssh_server
	in_user_ns scp -q "${SSH_OPTIONS[@]}" "$file" "$R4:there"
	assert "$(sum_of "$T/ssh/there")" == "$(sum_of "$file")" "checksum there"
	in_user_ns scp -q "${SSH_OPTIONS[@]}" "$R4:there" "$T/ssh/back"
	assert "$(sum_of "$T/ssh/back")" == "$(sum_of "$file")" "checksum back"
}

@test "programs: an idle ssh session survives the kernels' keep-alive probes" {
	ssh_server
	remote sh -c 'cd /proc/sys/net/ipv4; echo 1 | tee tcp_keepalive_time tcp_keepalive_intvl'
	in_user_ns bash -ec 'cd /proc/sys/net/ipv4
		echo 1 | tee tcp_keepalive_time tcp_keepalive_intvl > /dev/null
		until (($(nstat -asz TcpExtTCPKeepAlive | awk "!/#/ { print \$2 }") >= 3)); do
			read -rt 0.1 <> <(:) || true
		done | "$@" "read -r x; echo still here"' bash ssh "${SSH_OPTIONS[@]}" $R4
	assert "$output" == "still here" "after three probes"
	assert "$(remote nstat -asz TcpExtTCPKeepAlive)" =~ TCPKeepAlive\ +[1-9] "probes by the server's kernel"
}

@test "programs: an idle ssh session survives the alive messages of client and server" {
	ssh_server 'ClientAliveInterval 1' 'ClientAliveCountMax 2'
	in_user_ns ssh "${SSH_OPTIONS[@]}" -o ServerAliveInterval=1 -o ServerAliveCountMax=2 $R6 \
		'sleep 4; echo still here'
	assert "$output" == "still here" "after four seconds"
}
