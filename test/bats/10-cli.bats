# SPDX-License-Identifier: Apache-2.0
#
# The command line: what is accepted, what is refused and how it is said.

load helpers

# refused WORDS ARGS: exit 1, nothing on stdout, one line on stderr that has WORDS in it
refused() {
	local words=$1
	shift
	run_pasta 1 "$@"
	assert "$stderr" contains "$words" "complaint about $*"
	assert "$(wc -l <<< "$stderr")" -eq 1 "lines of complaint: $stderr"
	assert "$output" == "" "stdout"
}

@test "command line: --version prints name and number" {
	run_pasta --version
	assert "$output" =~ '^pasta [0-9]+\.[0-9]+\.[0-9]+' "version"
}

@test "command line: --version counts after other options as well" {
	run_pasta --config-net -4 --version
	assert "$output" =~ '^pasta [0-9]' "version"
	run_pasta --host-lo-to-ns-lo --version # rootlesskit asks so
	assert "$output" =~ '^pasta [0-9]' "version"
}

@test "command line: --help goes to stdout and has every short option it explains" {
	run_pasta -4 --help
	assert "$output" contains "--config-net" "help"
	assert "$output" contains "-m, --mtu" "help"
	assert "$stderr" == "" "stderr"
}

@test "command line: --help ends with the manual's name" {
	run_pasta --help
	assert "$(tail -n 1 <<< "$output")" contains "pasta(1)" "help"
}

@test "command line: a process with options behind it is told where they go" {
	run_pasta 127 -q 1234 --config-net
	assert "$stderr" contains "cannot run '1234'" "complaint"
	assert "$stderr" contains "give its number last" "remedy"
	run_pasta 127 -q no-such-command
	assert "$stderr" lacks "number" "remedy for another name"
}

@test "command line: without --config-net a line says how to get a network" {
	run_pasta -- true
	assert "$stderr" contains "--config-net" "hint"
}

@test "command line: an unknown option is refused in getopt's words" {
	run_pasta 1 --no-such-option -- true
	assert "$stderr" contains "unrecognized option '--no-such-option'" "complaint"
}

@test "command line: an unknown short option is refused in getopt's words" {
	run_pasta 1 -~ true
	assert "$stderr" contains "invalid option -- '~'" "complaint"
}

@test "command line: an option that lacks its argument is refused" {
	run_pasta 1 --mtu
	assert "$stderr" contains "requires an argument" "complaint"
}

@test "command line: options end at the command" {
	run_pasta -q echo --version -4
	assert "$output" == "--version -4" "the command's output"
}

@test "command line: -- ends the options" {
	run_pasta -q -- echo -4 --help
	assert "$output" == "-4 --help" "the command's output"
}

@test "command line: short options can be bundled" {
	run_pasta -4q --config-net -m1400 -- cat /sys/class/net/v0/mtu
	assert "$output" == 1400 "MTU"
}

@test "command line: the last of an option that counts once wins" {
	run_pasta -q -m 1400 --mtu=1300 --mtu 1350 -- cat /sys/class/net/v0/mtu
	assert "$output" == 1350 "MTU"
}

@test "command line: -4 with -6 is refused" {
	refused "--ipv4-only" -4 -6 -- true
}

@test "command line: MTUs outside of the limits are refused" {
	refused "65521" --mtu 65521 -- true
	refused "67" -4 --mtu 67 -- true
	refused "nonsense" --mtu nonsense -- true
	refused "1400x" --mtu 1400x -- true
}

@test "command line: an MTU too small for IPv6 is refused, unless IPv6 is off" {
	refused "1280" --mtu 1279 -- true
	run_pasta -q -4 --mtu 68 -- cat /sys/class/net/v0/mtu
	assert "$output" == 68 "MTU"
}

@test "command line: addresses that are none are refused" {
	refused "1.2.3" --address 1.2.3 -- true
	refused "10.0.0.1/33" --address 10.0.0.1/33 -- true
	refused "2001:db8::g" --gateway 2001:db8::g -- true
	refused "nowhere" --outbound nowhere -- true
	refused "localhost" --map-host-loopback localhost -- true
}

@test "command line: --netmask with a prefix length in --address is refused" {
	refused "--netmask" -a 10.0.0.1/24 -n 255.255.0.0 -- true
}

@test "command line: netmasks with holes are refused" {
	refused "255.0.255.0" -a 10.0.0.1 -n 255.0.255.0 -- true
	refused "33" -a 10.0.0.1 -n 33 -- true
}

@test "command line: MAC addresses that are none are refused" {
	refused "02:00:00:00:00" --mac-addr 02:00:00:00:00 -- true
	refused "zz:00:00:00:00:00" --ns-mac-addr zz:00:00:00:00:00 -- true
	refused "01:00:5e:00:00:01" --ns-mac-addr 01:00:5e:00:00:01 -- true
}

@test "command line: names too long for an interface are refused" {
	refused "sixteen-letters-" --ns-ifname sixteen-letters- -- true
}

@test "command line: an unknown debug feature is refused" {
	refused "warp" --debug-disable warp -- true
}

@test "command line: --busy-poll takes microseconds" {
	run_pasta -q --busy-poll 0 -- true
	run_pasta -q --busy-poll 100 -- true
	refused "-1" --busy-poll=-1 -- true
}

@test "command line: --stderr is accepted and changes nothing" {
	run_pasta -q --stderr -- true
	assert "$stderr" == "" "stderr"
}

@test "command line: -f is accepted for a command" {
	run_pasta 3 -q -f -- sh -c 'exit 3'
}

@test "command line: --quiet prints nothing at all" {
	run_pasta --config-net --quiet -- true
	assert "$output$stderr" == "" "output"
}

@test "command line: without --quiet a few lines say what was set up" {
	run_pasta --config-net -- true
	assert "$output" == "" "stdout"
	assert "$stderr" contains "198.51.100.1" "summary"
	assert "$(wc -l <<< "$stderr")" -le 16 "lines"
}

@test "command line: --debug says more, without packets" {
	run_pasta --config-net -- ping -c1 -W10 $R4
	local usual=${#stderr}
	run_pasta --config-net --debug -- ping -c1 -W10 $R4
	assert ${#stderr} -gt "$usual" "size of the messages"
}

@test "command line: --trace shows packets" {
	run_pasta --config-net --debug -- ping -c1 -W10 $R4
	local usual=${#stderr}
	run_pasta --config-net --trace -- ping -c3 -i 0.1 -W10 $R4
	assert ${#stderr} -gt "$usual" "size of the messages"
}

@test "manual: it has every option of --help, and no other" {
	run_pasta --help
	local help manual
	help=$(grep -oE '^ +(-.,)? +--[a-z0-9-]+' <<< "$output" | grep -oE -- '--[a-z0-9-]+' | sort -u)
	manual=$(sed 's/\\-/-/g' "$TESTS/../../man/pasta.1" |
		sed -n '/^\.TP/{n;p}' | grep -oE -- '--[a-z0-9-]+' | sort -u)
	assert "$manual" == "$help" "options"
}
