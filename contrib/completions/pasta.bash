# SPDX-License-Identifier: Apache-2.0
#
# bash completion of pasta: its options, as --help has them; names after those that take some; and what
# follows them, as COMMAND with completion of its own.

_pasta()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	local valued=" $("$1" --help 2>/dev/null | sed -n 's/^ *\(-., \)\?\(--[a-z0-9-]*\) [A-Z].*/\1\2/p' | tr -d , | tr '\n' ' ') "

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) ((i++)); break ;;
		-*=*) ;;
		-*) [[ $valued != *" ${COMP_WORDS[i]} "* ]] || ((i++)) ;;
		*) break ;;
		esac
	done
	if ((i < COMP_CWORD)) || [[ ${COMP_WORDS[COMP_CWORD - 1]} == -- ]]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		else
			COMPREPLY=($(compgen -c -- "$cur"))
		fi
		return
	fi
	case $prev in
	-i | --interface | --outbound-if4 | --outbound-if6)
		COMPREPLY=($(compgen -W "$(ls /sys/class/net)" -- "$cur")) ;;
	--netns)
		COMPREPLY=($(compgen -f -- "$cur") $(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$cur")) ;;
	--runas)
		COMPREPLY=($(compgen -u -- "$cur")) ;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W "$("$1" --help 2>/dev/null | grep -oE -- '--[a-z0-9-]+')" -- "$cur"))
		elif [[ $valued == *" $prev "* ]]; then
			COMPREPLY=($(compgen -f -- "$cur"))
		else
			COMPREPLY=($(compgen -c -- "$cur"))
		fi ;;
	esac
}
complete -F _pasta pasta
