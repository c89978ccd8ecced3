# SPDX-License-Identifier: Apache-2.0
#
# passt --vhost-user: a guest's frames by its memory. What works by a socket works here, with every
# set of features that a front end may have; and front ends that send nonsense, or write it into
# memory, harm nobody but themselves.

load helpers
load ports
load passt
load passt-works

BACKEND=--vhost-user CARD=guest_vhost

@test "vhost-user: a guest configures itself by DHCP, DHCPv6 and router advertisements" { configures_itself; }
@test "vhost-user: TCP, UDP and ping, IPv4 and IPv6" { traffic_out; }
@test "vhost-user: ports lead to the guest, with the client's address" { ports_in; }
@test "vhost-user: the first datagram to a guest that has sent none arrives" { first_datagram; }
@test "vhost-user: a guest that stops reading loses nothing, and nothing is sent again" { stops_reading; }
@test "vhost-user: the next guest finds all as the first one did" { next_guest; }
@test "vhost-user: a guest that has migrated to another passt has its connections reset, and makes new ones" { migrates; }
@test "vhost-user: with --one-off it ends with its guest" { ends_with_guest; }
@test "vhost-user: 100 MB both ways, MTU 1500" { both_ways 1500; }
@test "vhost-user: 100 MB both ways, MTU 65520" { both_ways 65520; }

@test "vhost-user: 100 MB both ways, with buffers that can't be merged" {
	CARD="guest_vhost -o m" both_ways 65520
}
@test "vhost-user: 100 MB both ways, without offloads" { CARD="guest_vhost -o p" both_ways 1500; }
@test "vhost-user: 100 MB both ways, without offloads, event indices and merged buffers" {
	CARD="guest_vhost -o pem" both_ways 1500
}
@test "vhost-user: 100 MB both ways, with indirect descriptors and memory in single regions" {
	CARD="guest_vhost -o is" both_ways 1500
}

@test "vhost-user: a guest that reboots finds its network again" {
	passt_and_guest -t 5000
	background tcp in_guest socat TCP6-LISTEN:5000,ipv6only=0,fork,reuseaddr 'SYSTEM:read -r x; echo here'
	wait_until port_is_open in_guest tcp 5000
	tcp_answers remote $H4 5000 here
	for ((i = 0; i < 10; i++)); do
		host kill -USR1 "$(< "$T/card.pid")"
		wait_until in_guest ping -c1 -W10 $R4 # what was on its way is lost
	done
	tcp_answers remote $H4 5000 here
}

@test "vhost-user: what it can do is told as JSON" {
	run_passt --print-capabilities
	assert "$(jq -r .type <<< "$output")" == net "type"
}

# front_end PYTHON: with a front end, f, connected, and gone afterwards
front_end() {
	host_dir env PYTHONPATH="$TESTS/../tools" python3 -c "
import os, socket, struct
from front_end import *
f = FrontEnd('$SOCKET')
$1"
	wait_until nobody_is_there
}

nobody_is_there() { [[ $(said "a guest is connected") -eq $(said "waiting for the next one") ]]; }
said() { grep -c "$1" "$T/passt.err" || true; }

# each_ended [WORDS PYTHON]...: a front end that does this is ended by one line that has WORDS in it, as is
# the next one
each_ended() {
	host_dir env PYTHONPATH="$TESTS/../tools" python3 -c 'import sys
from front_end import *
each_ended(*sys.argv[1:])' "$SOCKET" "$T/passt.err" "$@"
	wait_until nobody_is_there
}

# still_serves: a guest after all that works
still_serves() {
	boot
	configure
	in_guest ping -c1 -W10 $R4
}

@test "vhost-user: messages that make no sense end that guest only" {
	start_passt
	each_ended "what is no message" "f.socket.sendall(bytes(12))" \
		"what is no message" "f.send(GET_FEATURES, bytes(513))" \
		"what is no message" "f.send(GET_FEATURES, flags=5)" \
		"a message of a wrong size" "f.send(SET_FEATURES, bytes(4))" \
		"a message of a wrong size" "f.send(SET_MEM_TABLE, struct.pack('II', 9, 0) + bytes(9 * 32))" \
		"a message of a wrong size" "f.send(SET_MEM_TABLE, struct.pack('II', 2, 0) + bytes(32))" \
		"a request that is not known" "f.send(POSTCOPY_ADVISE)" \
		"a request that is not known" "f.send(0xffffffff)" \
		"features that were not offered" "f.number(SET_FEATURES, 1 << 63)" \
		"features of the protocol" "f.number(SET_PROTOCOL_FEATURES, 1 << 8)" \
		"a queue that it has not" "f.state(SET_VRING_NUM, 2, 16)" \
		"a queue that it has not" "f.number(SET_VRING_CALL, 0xff, [f.file])"
	still_serves
}

@test "vhost-user: descriptors that can't be what they are to be end that guest only" {
	start_passt
	each_ended "a descriptor that is no eventfd" "f.number(SET_VRING_KICK, 1, [os.pipe()[0]])" \
		"a descriptor that is no eventfd" "f.number(SET_VRING_CALL, 1, [f.file])" \
		"a descriptor that is no eventfd" "f.number(SET_VRING_CALL, 1, [os.open('/dev/null', os.O_WRONLY)])" \
		"not one descriptor" "f.number(SET_VRING_KICK, 1, [f.file, f.file])" \
		"not one descriptor" "f.number(SET_VRING_KICK, 1)" \
		"a ring that was to be looked at" "f.number(SET_VRING_KICK, 0x101)" \
		"not one descriptor for each" "f.send(SET_MEM_TABLE, struct.pack('IIQQQQ', 1, 0, 0, 4096, 0, 0))" \
		"more descriptors than" "f.send(GET_FEATURES, fds=[f.file] * 200)"
	still_serves
}

@test "vhost-user: no descriptor of a message stays open" {
	local before
	start_passt
	still_serves
	before=$(descriptors)
	host kill "$(< "$T/card.pid")"
	wait_until nobody_is_there
	each_ended "a request that is not known" "
for i in range(50):
    f.send(GET_FEATURES, fds=[f.file] * 60)
    f.receive(20)
f.start()
f.send(POSTCOPY_ADVISE, fds=[f.file] * 10)"
	plug
	configure
	in_guest ping -c1 -W10 $R4
	wait_until descriptors_are "$before"
}

descriptors() { host ls "/proc/$(< "$T/passt.pid")/fd" | wc -l; }
descriptors_are() { [[ $(descriptors) -le $1 ]]; }

@test "vhost-user: memory that could go away, or is not there, ends that guest only" {
	start_passt
	each_ended "its memory is not of memfd_create()" "f.file = f.unsealed(); f.share()" \
		"its memory is not of memfd_create()" "f.file = os.open('/dev/zero', os.O_RDWR); f.share()" \
		"a region of memory that can't be" "f.share(size=SIZE + 1)" \
		"a region of memory that can't be" "f.share(offset=4096)" \
		"a region of memory that can't be" "f.share(offset=1 << 63)" \
		"a region of memory that can't be" "f.share(size=0)" \
		"a region of memory that can't be" "f.share(guest=(1 << 64) - 4096)" \
		"too many regions" "
for i in range(33): f.send(ADD_MEM_REG, struct.pack('QQQQQ', 0, GUEST + SIZE * i, SIZE, USER + SIZE * i, 0), [f.file])" \
		"a region of memory that is not there" "f.share(); f.send(REM_MEM_REG, struct.pack('QQQQQ', 0, 0, SIZE, USER, 0))"
	still_serves
}

@test "vhost-user: rings that can't be end that guest only" {
	start_passt
	local ring cases=()
	for ring in num=0 num=15 num=2048 num=65536 'desc=USER+8' 'avail=USER+1' 'used=USER+2' 'desc=USER-4096' \
		'avail=USER+SIZE-8' 'used=USER+SIZE' 'desc=(1<<64)-4096'; do
		cases+=("a ring that can't be" "f.negotiate(); f.share(); f.ring(0, $ring)")
	done
	each_ended "${cases[@]}"
	still_serves
}

@test "vhost-user: chains of buffers that make no sense end that guest only" {
	start_passt
	local chain cases=()
	for chain in "f.descriptor(0, 0, 100)" \
		"f.descriptor(0, GUEST + SIZE - 10, 100)" \
		"f.descriptor(0, (1 << 64) - 10, 100)" \
		"f.descriptor(0, GUEST + BUFFERS, 0xffffffff)" \
		"f.descriptor(0, GUEST + BUFFERS, 100, WRITE)" \
		"f.descriptor(0, GUEST + BUFFERS, 100, NEXT, 0)" \
		"f.descriptor(0, GUEST + BUFFERS, 0, NEXT, 0)" \
		"f.descriptor(0, GUEST + BUFFERS, 100, NEXT, NUM)" \
		"f.descriptor(0, GUEST + BUFFERS, 32, INDIRECT | NEXT, 1)" \
		"f.descriptor(0, GUEST + BUFFERS, 31, INDIRECT)" \
		"f.descriptor(0, GUEST + BUFFERS, 0, INDIRECT)" \
		"f.descriptor(0, GUEST + SIZE, 32, INDIRECT)" \
		"f.descriptor(0, GUEST + BUFFERS, 0xfffffff0, INDIRECT)" \
		"f.descriptor(0, GUEST + STEP + DESC, 16, INDIRECT)"; do
		cases+=("a ring that makes no sense" "f.start(); $chain; f.offer(0)")
	done
	each_ended "${cases[@]}" "a ring that makes no sense" "f.start(); f.offer(NUM)" \
		"a ring that makes no sense" "f.start(); struct.pack_into('H', f.memory, STEP + AVAIL + 2, NUM + 1); os.eventfd_write(f.kick, 1)"
	still_serves
}

@test "vhost-user: frames that make no sense are dropped" {
	start_passt
	front_end "
f.start()
for size, head in ((0, b''), (11, b''), (12, b''), (25, b''), (70000, b''), (100, b'\\1\\0\\0\\0\\0\\0\\xff\\xff\\xff\\xff'),
                   (100, b'\\0\\1'), (100, b'\\0\\xff\\0\\0\\1'), (200, b'\\0\\4\\0\\0\\0\\0')):
    f.memory[BUFFERS:BUFFERS + len(head)] = head
    f.descriptor(0, GUEST + BUFFERS, size)
    before = f.used()
    f.offer(0)
    f.wait_used(before + 1)
    f.memory[BUFFERS:BUFFERS + 12] = bytes(12)
f.ask(GET_FEATURES)"
	assert "$(< "$T/passt.err")" lacks "connection ends" "messages"
	still_serves
}

@test "vhost-user: memory that is taken away while its rings run stops them, and nothing else" {
	start_passt
	front_end "
f.start()
f.send(REM_MEM_REG, struct.pack('QQQQQ', 0, GUEST, SIZE, USER, 0))
f.descriptor(0, GUEST + BUFFERS, 100)
f.offer(0)
f.ask(GET_FEATURES)
assert f.used() == 0
f.share()
f.wait_used(1)"
	still_serves
}

@test "vhost-user: rings that change while they are read harm nobody" {
	start_passt
	front_end "
import random
random.seed(1)
for turn in range(100):
    f.start(0)
    f.ring(1)
    for i in range(200):
        at = i % NUM
        flags = random.choice((0, 0, 0, 0, 0, 0, 0, NEXT, INDIRECT, WRITE))
        where = GUEST + random.randrange(SIZE), random.randrange(2000)
        f.descriptor(at, *where, flags, random.randrange(NUM))
        f.descriptor(at, *where, flags | WRITE, random.randrange(NUM), ring=0)
        f.offer(*range(random.randrange(NUM)))
        f.offer(random.randrange(NUM), ring=0)
        f.memory[random.randrange(SIZE)] = random.randrange(256)
    f.socket.close()
    while True:
        try:
            f = FrontEnd('$SOCKET')
            f.ask(GET_FEATURES)
            break
        except AssertionError: pass # turned away, as the last one is still there"
	still_serves
}

@test "vhost-user: a front end that reads no answers ends only itself" {
	start_passt
	each_ended "an answer that it doesn't take" "
try:
    while True: f.socket.sendall(struct.pack('III', GET_FEATURES, 1, 0) * 1000)
except (BrokenPipeError, ConnectionResetError): pass"
	still_serves
}

@test "vhost-user: a front end that has its eventfd block and lets it fill up ends only itself" {
	start_passt
	each_ended "a descriptor that has us wait" "
f.start()
f.block()
f.descriptor(0, GUEST + BUFFERS, 100)
f.offer(0)"
	still_serves
}
