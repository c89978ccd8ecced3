# SPDX-License-Identifier: Apache-2.0
#
# Packets that get lost between the namespace's kernel and us, both ways: TCP goes on regardless.

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
