#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apparmor.py PROFILE LOG...: what a program did, by strace, that its AppArmor profile does not allow.

For kernels that can't enforce a profile. LOGs are those of

    strace -D -f -qq -y -o LOG -e trace=execve,%file,%network,clone,fork,vfork,clone3 pasta ...

Looks at files that are opened, made, renamed and removed, and at UNIX sockets that are connected; what has
not been there counts, too. A process counts until it runs another program. Prints one line for each path
and right that is missing; its exit status is 1 then.
"""
import os
import re
import sys

VARIABLES = {
    "@{PROC}": "/proc", "@{HOME}": "/{root,home/[^/]+}", "@{pid}": "[0-9]+", "@{tid}": "[0-9]+",
    "@{uid}": "[0-9]+",
}


def pattern(glob):
    """AppArmor's wildcards as a regular expression."""
    for name, value in VARIABLES.items():
        glob = glob.replace(name, value.replace("[^/]+", "*") if "[^/]" in value else value)
    out, depth, i = "", 0, 0
    while i < len(glob):
        c = glob[i]
        if glob.startswith("**", i):
            out, i = out + ".*", i + 1
        elif c == "*":
            out += "[^/]*"
        elif c == "{":
            out, depth = out + "(", depth + 1
        elif c == "}":
            out, depth = out + ")", depth - 1
        elif c == "," and depth:
            out += "|"
        elif c in "[]+-":
            out += c
        else:
            out += re.escape(c)
        i += 1
    return re.compile(out + "$")


def rules(path):
    """Those of a profile, and of the abstractions beside it."""
    found = []
    for line in open(path):
        line = line.split("#")[0].strip()
        included = re.match(r"include <(abstractions/\S+)>", line)
        if included:
            found += rules(os.path.join(os.path.dirname(path), included[1]))
        match = re.match(r"(?:owner )?([/@]\S*) ([a-zA-Z]+),$", line)
        if match:
            found.append((pattern(match[1]), match[2]))
    if not found:
        sys.exit(f"{path}: no rules for files")
    return found


CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)(.*)$")


def clean(path, pid):
    path = os.path.normpath(re.sub("^//", "/", path))
    return re.sub("^/proc/(self|thread-self)", lambda m: f"/proc/{pid}" + ("" if m[1] == "self" else f"/task/{pid}"), path)


def needs(pid, call, args, rest):
    """Yields (path, right) of one call."""
    paths = [p for p in re.findall(r'"((?:[^"\\]|\\.)*)"', args) if p.startswith("/")]
    if call in ("open", "openat") and paths and "O_PATH" not in args:
        opened = re.search(r"= ?\d+<(/[^>]*)>", "=" + rest.strip()) or re.match(r"<(/[^>(]*)", rest)
        path = opened[1].split(" (deleted)")[0] if opened else clean(paths[0], pid)
        # of a file that could not be opened, the directory need not be one of the profile's
        if "O_DIRECTORY" in args:
            path = path.rstrip("/") + "/"
        if "O_WRONLY" not in args:
            yield path, "r"
        if re.search("O_WRONLY|O_RDWR|O_CREAT", args):
            yield path, "w"
    elif call in ("unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "link", "linkat"):
        for path in paths:
            yield clean(path, pid) + ("/" if call.startswith("mkdir") else ""), "w"
    elif call == "connect":
        match = re.search(r'sun_path="(/[^"]*)"', args)
        if match:
            yield clean(match[1], pid), "w"


def accesses(log):
    others = set()  # processes that run another program
    for line in open(log, errors="replace"):
        match = CALL.match(line.rstrip())
        if not match:
            continue
        pid, call, args, result, rest = match.groups()
        if call in ("clone", "clone3", "fork", "vfork") and pid in others and int(result) > 0:
            others.add(result)
        elif call == "execve" and result == "0" and not re.match(r'"[^"]*/(pasta|passt)(\.real)?"', args):
            others.add(pid)
        elif pid not in others and "EBADF" not in rest and "EFAULT" not in rest:
            yield from needs(pid, call, args, rest)


def main():
    allowed = rules(sys.argv[1])
    missing, count = {}, 0
    for log in sys.argv[2:]:
        for path, right in accesses(log):
            count += 1
            if path.startswith("/dev/fd/"):  # what it leads to is somebody else's
                continue
            if not any(right in rights and glob.match(path) for glob, rights in allowed):
                missing.setdefault((path, right), log)
    for (path, right), log in sorted(missing.items()):
        print(f"not allowed: {path} {right}   ({log})")
    print(f"{count} accesses in {len(sys.argv) - 2} logs, {len(missing)} of them not allowed")
    return 1 if missing or not count else 0


sys.exit(main())
