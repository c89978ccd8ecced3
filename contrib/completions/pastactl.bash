# SPDX-License-Identifier: Apache-2.0
#
# bash completion of pastactl: its commands, the words of each, and instances after -i.

_pastactl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i words
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-i | --instance) ((i++)) ;;
		-*) ;;
		*) break ;;
		esac
	done
	case $prev in
	--packets | --bytes) return ;;
	-i | --instance) words=$("$1" --json ls 2>/dev/null | grep -oE '"pid":[0-9]+' | cut -d: -f2) ;;
	*)
		if ((i >= COMP_CWORD)); then
			words="ls status flows forward dns stats capture log quit --instance --json --help --version"
		else
			case ${COMP_WORDS[i]} in
			flows) words="tcp udp ping tap local addr port limit --watch" ;;
			forward) words="ls add rm replace --tcp-ports --udp-ports --tcp-ns --udp-ns" ;;
			log) words="error warning info debug trace" ;;
			quit) words="now" ;;
			stats) words="--prometheus" ;;
			capture)
				if [[ $prev == capture && $cur != -* ]]; then
					compopt -o filenames 2>/dev/null
					COMPREPLY=($(compgen -f -- "$cur"))
					return
				fi
				words="--packets --bytes" ;;
			*) words= ;;
			esac
		fi ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _pastactl pastactl
