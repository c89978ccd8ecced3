# SPDX-License-Identifier: Apache-2.0
#
# The completions of a program for a shell, of the program's usage text, which is printed of its table of
# options: PROGRAM --help | awk -v program=PROGRAM -v shell=bash|zsh|fish -f generate.awk
# What an argument is told by its name there, and by the option's. Of pastactl, lower-case words behind a
# command are what may follow it.

BEGIN {
	interfaces = " interface outbound-if4 outbound-if6 "
}

/^Commands:/ { commands_begin = 1; next }
/^Options:/ { commands_begin = 0 }
commands_begin && /^  [a-z]/ { command_line(); next }
commands_begin && /^ +[^ ]/ { if (is_new) command_help[last] = command_help[last] " " $0; next }
match($0, /^  (-., |    )--[a-z0-9-]+/) { option_line(RLENGTH); next }
/^                    / && count { help[count] = help[count] " " $0 }

# What stands before the first semicolon or colon, for a shell's single quotes
function clause(text) {
	gsub(/[][`$\\]/, "", text)
	gsub(/ +/, " ", text)
	sub(/^ /, "", text)
	sub(/[;:].*/, "", text)
	gsub(/'/, "'\\''", text)
	return text
}

function option_line(len,   form, rest) {
	form = substr($0, 1, len)
	rest = substr($0, len + 1)
	count++
	letter[count] = substr(form, 3, 1) == "-" ? substr(form, 4, 1) : ""
	name[count] = substr(form, index(form, "--") + 2)
	if (match(rest, /^ [^ ]+/)) {
		arg[count] = substr(rest, 2, RLENGTH - 1)
		rest = substr(rest, RLENGTH + 1)
	}
	help[count] = rest
}

function command_line(   syntax, i, words, n, text) {
	syntax = $0
	sub(/^  /, "", syntax)
	if (match(syntax, /   */)) {
		text = substr(syntax, RSTART)
		syntax = substr(syntax, 1, RSTART - 1)
	}
	if (syntax ~ /FILE/)
		takes_file[substr(syntax, 1, index(syntax, " ") - 1)] = 1
	gsub(/[][|]/, " ", syntax)
	n = split(syntax, words, / +/)
	last = words[1]
	is_new = !(last in command_words)
	if (is_new) {
		command_words[last] = ""
		order[++commands] = last
		command_help[last] = text
	}
	for (i = 2; i <= n; i++)
		if (words[i] ~ /^[a-z]+$/ && !index(command_words[last] " ", " " words[i] " "))
			command_words[last] = command_words[last] " " words[i]
}

# file, words, interface, netns, user, instance, or nothing that can be completed
function kind(i) {
	if (name[i] == "netns")
		return "netns"
	if (name[i] == "runas")
		return "user"
	if (index(interfaces, " " name[i] " "))
		return "interface"
	if (arg[i] == "PATH" || arg[i] == "FILE" || arg[i] == "DIR")
		return "file"
	if (arg[i] == "SPEC" || arg[i] == "TABLE")
		return "words"
	return arg[i] == "WHICH" ? "instance" : ""
}

function words_of(i) {
	return arg[i] == "TABLE" ? "HOST SPLICE" : "none auto all"
}

function forms(i) {
	return (letter[i] ? "-" letter[i] " " : "") "--" name[i]
}

# Options of a kind; "": all that take an argument
function all_forms(wanted, separator,   i, text, some) {
	for (i = 1; i <= count; i++) {
		if (!arg[i] || (wanted && kind(i) != wanted))
			continue
		some = forms(i)
		gsub(/ /, separator, some)
		text = text (text ? separator : "") some
	}
	return text
}

# What may follow a command: a file, or words. @: its name; %: its words
function print_commands(files, words,   i, line) {
	for (i = 1; i <= commands; i++) {
		if (!takes_file[order[i]] && !command_words[order[i]])
			continue
		line = takes_file[order[i]] ? files : words
		sub(/@/, order[i], line)
		sub(/%/, substr(command_words[order[i]], 2), line)
		print line
	}
}

function head(comment) {
	print comment
	print "# SPDX-License-Identifier: Apache-2.0"
	print "#"
	print "# " shell " completion of " program ", by generate.awk"
	print ""
}

function bash_reply(generator) {
	return "COMPREPLY=($(compgen " generator " -- \"$cur\"))"
}

function bash_case(wanted, generator) {
	if (all_forms(wanted, " "))
		print "\t" all_forms(wanted, " | ") ") " (generator ~ /^-f/ ? "compopt -o filenames 2>/dev/null; " : "") \
			bash_reply(generator) "; return ;;"
}

# By what is in front of it: arguments of options
function bash_arguments(   i, some) {
	print "\t[[ $prev != = ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}"
	print "\t[[ $cur != = ]] || cur="
	print "\tcase $prev in"
	bash_case("interface", "-W \"$(ls /sys/class/net)\"")
	bash_case("netns", "-f -W \"$(ls /run/netns 2>/dev/null)\"")
	bash_case("user", "-u")
	bash_case("instance", "-f -W \"$(ls \"$XDG_RUNTIME_DIR/pasta\" 2>/dev/null | sed -n 's/\\.sock$//p')\"")
	bash_case("file", "-f")
	for (i = 1; i <= count; i++)
		if (kind(i) == "words") {
			some = forms(i)
			gsub(/ /, " | ", some)
			print "\t" some ") " bash_reply("-W '" words_of(i) "'") "; return ;;"
		}
	print "\tesac"
	print "\t[[ $valued != *\" $prev \"* ]] || return"
}

# What is no option: a command's words, or the first one
function bash_words(   i, words) {
	if (program == "pesto")
		print "\tcompopt -o filenames 2>/dev/null\n\t" bash_reply("-f")
	if (program == "pasta")
		print "\t" bash_reply("-c")
	if (!commands)
		return
	for (i = 1; i <= commands; i++)
		words = words (i > 1 ? " " : "") order[i]
	print "\tif ((i == COMP_CWORD)); then"
	print "\t\t" bash_reply("-W '" words "'")
	print "\t\treturn"
	print "\tfi"
	print "\tcase ${COMP_WORDS[i]} in"
	print_commands("\t@) compopt -o filenames 2>/dev/null; " bash_reply("-f") " ;;",
		"\t@) " bash_reply("-W '%'") " ;;")
	print "\tesac"
}

function bash(   i, names) {
	head("# shellcheck shell=bash disable=SC2207,SC2012")
	for (i = 1; i <= count; i++)
		names = names (i > 1 ? " " : "") "--" name[i]
	print "_" program "()"
	print "{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i"
	print "\tlocal valued=' " all_forms("", " ") " '"
	print ""
	print "\tCOMPREPLY=()"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\tcase ${COMP_WORDS[i]} in"
	print "\t\t--) ((i++)); break ;;"
	print "\t\t-*)"
	print "\t\t\t[[ $valued == *\" ${COMP_WORDS[i]} \"* ]] || continue"
	print "\t\t\t[[ ${COMP_WORDS[i + 1]-} != = ]] || ((i++)) # the shell breaks words there"
	print "\t\t\t((i++)) ;;"
	print "\t\t*) break ;;"
	print "\t\tesac"
	print "\tdone"
	if (program == "pasta") {
		print "\tif ((i < COMP_CWORD)) && declare -F _command_offset >/dev/null; then"
		print "\t\t_command_offset \"$i\""
		print "\t\treturn"
		print "\tfi"
	}
	bash_arguments()
	print "\tif [[ $cur == -* ]]; then"
	print "\t\t" bash_reply("-W '" names "'")
	print "\t\treturn"
	print "\tfi"
	bash_words()
	print "}"
	print "complete -F _" program " " program
}

function zsh_action(i,   k) {
	k = kind(i)
	if (k == "file")
		return "_files"
	if (k == "netns")
		return "{_files; compadd -- /run/netns/*(N\\:t)}"
	if (k == "interface")
		return "{compadd -- /sys/class/net/*(N\\:t)}"
	if (k == "user")
		return "_users"
	if (k == "instance")
		return "{compadd -- $XDG_RUNTIME_DIR/pasta/<->.sock(N\\:t\\:r); _files}"
	return k == "words" ? "(" words_of(i) ")" : " "
}

function zsh(   i, spec, operands) {
	operands = commands ? "'1:command:->commands' '*:words:->words'" : \
		program == "pasta" ? "'*::command: _normal'" : program == "pesto" ? "'1:socket:_files'" : ""
	head("#compdef " program)
	if (commands)
		print "local curcontext=$curcontext state line\ntypeset -A opt_args\n"
	print "_arguments " (commands ? "-C " : "") "-s -S : \\"
	for (i = 1; i <= count; i++) {
		if (letter[i])
			spec = (arg[i] ? "'*'" : "'(-" letter[i] " --" name[i] ")'") "{-" letter[i] (arg[i] ? "+" : "") \
				",--" name[i] (arg[i] ? "=" : "") "}"
		else
			spec = (arg[i] ? "'*'" : "") "--" name[i] (arg[i] ? "=" : "")
		spec = spec "'[" help[i] "]" (arg[i] ? ":" clause(arg[i]) ":" zsh_action(i) : "") "'"
		print "\t" spec (i < count || operands ? " \\" : "")
	}
	if (operands)
		print "\t" operands
	if (!commands)
		return
	print "\ncase $state in\ncommands)\n\tlocal -a commands=("
	for (i = 1; i <= commands; i++)
		print "\t\t'" order[i] ":" command_help[order[i]] "'"
	print "\t)\n\t_describe command commands ;;\nwords)\n\tcase $line[1] in"
	print_commands("\t@) _files ;;", "\t@) compadd -- % ;;")
	print "\tesac ;;\nesac"
}

function fish_values(i,   k) {
	k = kind(i)
	if (k == "file")
		return " -r -F"
	if (k == "netns")
		return " -r -F -a '(command ls /run/netns 2>/dev/null)'"
	if (k == "interface")
		return " -x -a '(command ls /sys/class/net)'"
	if (k == "user")
		return " -x -a '(__fish_complete_users)'"
	if (k == "instance")
		return " -r -F -a '(command ls $XDG_RUNTIME_DIR/pasta 2>/dev/null | string replace .sock \"\")'"
	return " -x" (k == "words" ? " -a '" words_of(i) "'" : "")
}

# The command that is there already, arguments of options passed over
function fish_command() {
	print "function __" program "_command"
	print "\tset -l skip 1"
	print "\tfor word in (commandline -opc)"
	print "\t\tif test $skip = 1"
	print "\t\t\tset skip 0"
	print "\t\telse if contains -- $word " all_forms("", " ")
	print "\t\t\tset skip 1"
	print "\t\telse if not string match -q -- '-*' $word"
	print "\t\t\ttest \"$argv[1]\" = \"\" -o \"$argv[1]\" = $word"
	print "\t\t\treturn"
	print "\t\tend"
	print "\tend"
	print "\treturn 1"
	print "end"
}

function fish(   i, seen) {
	head("#")
	if (commands)
		fish_command()
	print "complete -c " program " -f"
	for (i = 1; i <= count; i++)
		print "complete -c " program (letter[i] ? " -s " letter[i] : "") " -l " name[i] \
			(arg[i] ? fish_values(i) : "") " -d '" help[i] "'"
	if (program == "pasta")
		print "complete -c pasta -x -a '(__fish_complete_subcommand -- " all_forms("", " ") ")'"
	if (program == "pesto")
		print "complete -c pesto -F"
	for (i = 1; i <= commands; i++)
		print "complete -c " program " -n 'not __" program "_command' -a " order[i] " -d '" command_help[order[i]] "'"
	seen = "complete -c " program " -n '__" program "_command @'"
	print_commands(seen " -F", seen " -a '%'")
}

END {
	for (i = 1; i <= count; i++)
		help[i] = clause(help[i])
	for (i = 1; i <= commands; i++)
		command_help[order[i]] = clause(command_help[order[i]])
	if (shell == "bash")
		bash()
	else if (shell == "zsh")
		zsh()
	else
		fish()
}
