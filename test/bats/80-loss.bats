# SPDX-License-Identifier: Apache-2.0
#
# Packets that get lost between the namespace's kernel and us, both ways: TCP goes on regardless, and
# not at one timeout (200 ms at least) a loss.

load helpers

SIZE=20000000

# lossy PERMILLE COMMAND: run COMMAND in a namespace that drops so many of a thousand packets
lossy() {
	local permille=$1
	shift
	cat > "$T/rules" <<-END
	table inet loss {
		chain in {
			type filter hook input priority 0;
			meta iifname v0 numgen random mod 1000 < $permille drop
		}
		chain out {
			type filter hook output priority 0;
			meta oifname v0 numgen random mod 1000 < $permille drop
		}
	}
	END
	run_pasta -q --config-net -m 1500 -- bash -c 'nft -f "$0" && exec "$@"' "$T/rules" "$@"
}

# A container on a bridge in the namespace, as bridge networks are made, on which 1 % get lost: $C enters it
BRIDGED='
	echo 1 > /proc/sys/net/ipv4/ip_forward
	ip link add br0 mtu 1500 type bridge
	ip address add 10.9.0.1/24 dev br0
	ip link set br0 up
	unshare --net sleep infinity &
	C="nsenter -t $! -n"
	until [[ $(readlink /proc/$!/ns/net) != $(readlink /proc/$$/ns/net) ]]; do :; done
	ip link add b0 master br0 mtu 1500 type veth peer name e0 mtu 1500 netns $!
	ip link set b0 up
	$C ip -batch - <<< "link set lo up
		address add 10.9.0.2/24 dev e0
		link set e0 up
		route add default via 10.9.0.1"
	nft -f - <<< "table ip n {
		chain p { type nat hook postrouting priority 100; ip saddr 10.9.0.0/24 masquerade; }
		chain f { type filter hook forward priority 0; numgen random mod 1000 < 10 drop; }
	}"
'

# holds_its_speed ARGS: iperf3 ARGS in the container is a tenth as fast at least as straight from the
# namespace, without loss. A busy machine makes one of them slow at times, but not three times in a row
holds_its_speed() {
	serve remote tcp 5000 iperf3 -s -p 5000
	run_pasta -q --config-net -m 1500 -- bash -ec "$BRIDGED"'
		speed() {
			local r
			until r=$($IN iperf3 -J -t 1 -p 5000 -c "$@"); do :; done # the server may be busy yet
			jq ".end.sum_received.bits_per_second | floor" <<< "$r"
		}
		for _ in 1 2 3; do
			straight=$(IN= speed "$@")
			lossy=$(IN=$C speed "$@")
			((lossy * 10 < straight)) || break
		done
		$C nstat -asz TcpExtTCPSackRecovery TcpExtTCPOFOQueue
		echo speed $lossy of $straight
		kill $!' bash $R4 "$@"
	[[ $output =~ speed\ ([0-9]+)\ of\ ([0-9]+) ]]
	assert "${BASH_REMATCH[2]}" -gt 0 "bits a second, straight"
	assert $((BASH_REMATCH[1] * 10)) -ge "${BASH_REMATCH[2]}" "ten times the bits a second, with loss"
}

@test "loss: 1 % behind a bridge, data out holds its speed" {
	holds_its_speed
	assert "$output" =~ TCPSackRecovery\ +[1-9] "what was mended by selective acknowledgements"
}

@test "loss: 1 % behind a bridge, data in holds its speed" {
	holds_its_speed -R
	assert "$output" =~ TCPOFOQueue\ +[1-9] "what came before something that was lost"
}

@test "loss: 1 % both ways, data out arrives whole" {
	local file
	file=$(payload $SIZE)
	serve remote tcp 5000 socat -b 262144 -u TCP-LISTEN:5000 SYSTEM:sha256sum,nofork
	lossy 10 socat -b 262144 -u "OPEN:$file" TCP:$R4:5000
	finish server-5000
	assert "$output" == "$(sum_of "$file")" "checksum"
}

@test "loss: 1 % both ways, data in arrives whole" {
	local file
	file=$(payload $SIZE)
	serve remote tcp 5000 socat -b 262144 -u "OPEN:$file" TCP6-LISTEN:5000,ipv6only=0
	lossy 10 bash -c "socat -b 262144 -u 'TCP:[$R6]:5000' - | sha256sum"
	assert "$output" == "$(sum_of "$file")" "checksum"
}

@test "loss: 10 % both ways, a little data both ways arrives whole" {
	serve remote tcp 5000 "$TOOLS/peer" listen :: 5000 recv 200000 send 200000 shut eof
	lossy 100 "$TOOLS/peer" connect $R4 5000 send 200000 shut recv 200000 eof
	finish server-5000
	assert "$stderr" == "" "complaints of the server"
}

@test "loss: 10 % both ways, connections open and close" {
	serve remote tcp 5000 "$TOOLS/load" serve 5000
	lossy 100 "$TOOLS/load" churn $R4 5000 30 10
	assert "$output" == "30 connections" "connections"
}

@test "loss: on the host's side, data both ways arrives whole" {
	local file
	file=$(payload $SIZE)
	remote nft add table inet loss
	remote nft add chain inet loss c '{ type filter hook input priority 0; }'
	remote nft add rule inet loss c numgen random mod 1000 '<' 10 drop
	serve remote tcp 5000 socat -b 262144 -u "OPEN:$file" TCP-LISTEN:5000
	serve remote tcp 5001 socat -b 262144 -u TCP-LISTEN:5001 SYSTEM:sha256sum,nofork
	in_ns bash -c "socat -b 262144 -u TCP:$R4:5000 - | tee >(socat -b 262144 -u - TCP:$R4:5001) | sha256sum"
	assert "$output" == "$(sum_of "$file")" "checksum in"
	finish server-5001
	assert "$output" == "$(sum_of "$file")" "checksum out"
}
