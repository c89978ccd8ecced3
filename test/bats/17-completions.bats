# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154,SC2016
#
# Completions for bash, zsh and fish: that they are made of the programs' options, and what they complete.

load helpers

GENERATE=$BATS_TEST_DIRNAME/../../contrib/completions/generate.awk

# make_files SHELL NAME: of each program, NAME with a P where its name goes
make_files() {
	local program
	for program in pasta passt pesto pastactl pasta-portd; do
		"${PASTA%/*}/$program" --help > "$T/$program.help"
		awk -v program=$program -v shell="$1" -f "$GENERATE" "$T/$program.help" > "$T/files/${2/P/$program}"
	done
}

setup() {
	T=$BATS_TEST_TMPDIR FILES=$BATS_TEST_TMPDIR/files
	mkdir "$T/run" "$T/run/pasta" "$T/folder" "$FILES"
	make_files bash P.bash
	make_files zsh _P
	make_files fish P.fish
	touch "$T/run/pasta/4711.sock" "$T/capture.pcap"
	export XDG_RUNTIME_DIR=$T/run
	cd "$T" || return 1
}
teardown() { :; } # no host was started

# bash_completes WORD..., fish_completes WORD...: what is proposed for the last one; proposes HOW THIS WORD...
bash_completes() {
	bash -c 'source "$0/$1.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		"_$1"; printf "%s\n" "${COMPREPLY[@]}"' "$FILES" "$@"
}
fish_completes() {
	HOME=$T fish --no-config -c 'source $argv[1]/(string split " " $argv[2])[1].fish; complete -C $argv[2]' \
		"$FILES" "$*" | cut -f 1
}
proposes() {
	output=$("$1" "${@:3}")
	assert " $(tr '\n' ' ' <<< "$output")" contains " $2 " "$*"
}

# Each long option that stands at the beginning of one of the usage text's lines
@test "completions: all options of the programs are there, for all three shells" {
	local program option
	for program in pasta passt pesto pastactl pasta-portd; do
		for option in $(sed -n 's/^ *\(-., \)\?--\([a-z0-9-]*\).*/\2/p' "$T/$program.help"); do
			grep -q -- "--$option[ '=]" "$FILES/$program.bash"
			grep -q -- "--$option['=}]" "$FILES/_$program"
			grep -q -- " -l $option " "$FILES/$program.fish"
		done
	done
	assert "$option" == version "the last one"
}

@test "completions: bash knows options, their arguments, commands and what follows them" {
	proposes bash_completes --splice-only pasta --splice
	proposes bash_completes --vhost-user passt --vhost
	proposes bash_completes --tcp-ports pesto --add --tcp-p
	proposes bash_completes lo pasta --config-net -i l
	proposes bash_completes lo pasta --interface = l
	proposes bash_completes capture.pcap pasta --pcap cap
	proposes bash_completes bash pasta --config-net -i lo bas
	proposes bash_completes HOST pesto --clear ''
	proposes bash_completes folder pesto --show fol
	proposes bash_completes 4711 pastactl -i 47
	proposes bash_completes status pastactl -i 4711 st
	proposes bash_completes replace pastactl forward rep
	proposes bash_completes auto pastactl forward add -t a
	proposes bash_completes capture.pcap pastactl capture cap
	assert "$(bash_completes pasta --mtu '')" == "" "a number"
}

@test "completions: fish knows options, their arguments, commands and what follows them" {
	proposes fish_completes --splice-only pasta --splice
	proposes fish_completes --vhost-user passt --vhost
	proposes fish_completes --tcp-ports pesto --add --tcp-p
	proposes fish_completes lo pasta --config-net -i l
	proposes fish_completes capture.pcap pasta --pcap cap
	proposes fish_completes capture.pcap pasta -i lo cat cap
	proposes fish_completes HOST pesto --clear ''
	proposes fish_completes folder/ pesto --show fol
	proposes fish_completes 4711 pastactl -i 47
	proposes fish_completes status pastactl -i 4711 st
	proposes fish_completes replace pastactl forward rep
	proposes fish_completes auto pastactl forward add -t a
	proposes fish_completes capture.pcap pastactl capture cap
}

# Each program says what it was called with once the line is completed
@test "completions: zsh knows options, their arguments, commands and what follows them" {
	cat > "$T/script" <<- 'END'
		set timeout 60
		proc completes {line whole} {
			expect "ready> "
			send "$line\t\r"
			expect "got $whole." return
			send_user "\nnot completed: $line\n"
			exit 1
		}
		spawn -noecho zsh -i
		completes "pasta --splice-o" "pasta --splice-only"
		completes "passt --vhost-u" "passt --vhost-user"
		completes "pesto --add --tcp-p" "pesto --add --tcp-ports"
		completes "pasta --pcap=capt" "pasta --pcap=capture.pcap"
		completes "pasta -i lo cat capt" "pasta -i lo cat capture.pcap"
		completes "pesto --clear H" "pesto --clear HOST"
		completes "pesto --show fol" "pesto --show folder"
		completes "pastactl -i 47" "pastactl -i 4711"
		completes "pastactl -i 4711 statu" "pastactl -i 4711 status"
		completes "pastactl forward rep" "pastactl forward replace"
		completes "pastactl forward add -t au" "pastactl forward add -t auto"
		completes "pastactl capture capt" "pastactl capture capture.pcap"
	END
	cat > "$T/.zshrc" <<- 'END'
		PROMPT='ready> '
		fpath=($FILES $fpath)
		autoload -Uz compinit
		compinit -u -D
		for program in pasta passt pesto pastactl pasta-portd; do
			eval "$program() { print -r -- got $program \"\$@\". }"
		done
	END
	FILES=$FILES ZDOTDIR=$T T=$T TERM=dumb expect "$T/script"
}
