#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What shells complete: asked of the shells themselves.
. "$(dirname "$0")/lib.sh"
PATH=$(dirname "$maskcheck"):$PATH
cd "$work" || exit 1
mkdir folder && touch report.json

for shell in bash zsh fish; do
    run 0 completion "$shell"
    cp "$out" "$shell.completion"
    out_has "maskcheck"
    for option in $("$maskcheck" scan --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '[a-z]+[a-z-]*$'); do
        out_has "$option"
    done
done
run 2 completion
err_has "for which shell"
run 2 completion tcsh
err_has "unknown shell 'tcsh'; known: bash, zsh, fish"

# candidates WORD...: what bash offers for the last word.
. ./bash.completion
candidates() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _maskcheck 2>"$err"
    said="bash: $*"
    printf '%s\n' "${COMPREPLY[@]}" >"$out"
}
lines_are() { check "$said: offers $1" test "$(sort "$out" | tr '\n' ' ')" = "$1 "; }
candidates maskcheck sc
lines_are scan
candidates maskcheck scan --f
lines_are "--fail-on --files-from --format"
candidates maskcheck scan --format js
lines_are "json jsonl"
candidates maskcheck scan --format = js
lines_are "json jsonl"
candidates maskcheck scan --strict =
lines_are "conformance proof"
candidates maskcheck scan --strict rep
lines_are report.json
candidates maskcheck scan --baseline intel-me
lines_are intel-merom
candidates maskcheck scan -o rep
lines_are report.json
candidates maskcheck audit --proc f
lines_are folder
candidates maskcheck explain MC00
out_has MC001
candidates maskcheck compare this
lines_are this-machine
candidates maskcheck help exp
lines_are explain
candidates maskcheck scan --jobs ""
lines_are ""

if type -P fish >/dev/null; then
    ask() { said="fish: $1"; HOME=$work XDG_CONFIG_HOME=$work fish --no-config -c "source fish.completion; complete -C '$1'" >"$out" 2>"$err"; }
    ask "maskcheck sc"
    out_has "which programs and libraries use instructions"
    ask "maskcheck scan --fail"
    out_has "--fail-on"
    ask "maskcheck scan --format js"
    check "$said: the two forms of JSON and no file" test "$(cut -f1 "$out" | tr '\n' ' ')" = "json jsonl "
    ask "maskcheck scan --baseline intel-me"
    out_has intel-merom
    ask "maskcheck scan rep"
    out_has report.json
    ask "maskcheck insn rep"
    out_lacks report.json
else
    echo "ok - completion in fish # SKIP fish is not installed"
fi

# zsh completes only at a terminal: its own module for pseudo-terminals gives it one. What completion adds is written to a
# file, for what stands on a screen depends on its width.
if type -P zsh >/dev/null && zsh -fc 'zmodload zsh/zpty' 2>/dev/null; then
    cat >ask.zsh <<'ZSH'
zmodload zsh/zpty
zpty shell zsh -f -i
until_has() { local line; while zpty -r shell line; do print -rn -- $line; [[ $line == *$1* ]] && return; done }
zpty -w shell "PS1= ; PATH=$PATH; cd $PWD; autoload -U compinit; compinit -D; source ./zsh.completion"
zpty -w shell 'noting() { compadd() { builtin compadd -O found "$@"; print -rl -- $found >>offered; builtin compadd "$@" }
_main_complete; unfunction compadd }; zle -C noting complete-word noting; bindkey "^I" noting; print rea""dy'
until_has ready
zmodload zsh/zselect; zselect -t 50 # the line editor must listen before the key that empties the line comes
zpty -n -w shell "$1"$'\t'
zpty -n -w shell $'\x15print do""ne\n'
until_has $'done\r'
ZSH
    ask() {
        said="zsh: $1"
        : >offered
        timeout 60 zsh -f ask.zsh "$1" >"$err" 2>&1
        grep . offered | sort -u >"$out"
    }
    check "zsh accepts the script" zsh -fn zsh.completion
    ask "maskcheck sc"
    out_is scan
    ask "maskcheck scan --format js"
    out_is $'json\njsonl'
    ask "maskcheck scan --fail"
    out_is "--fail-on"
    ask "maskcheck explain MC00"
    out_has MC001
    ask "maskcheck audit --baseline intel-mer"
    out_is intel-merom
    ask "maskcheck scan rep"
    out_is report.json
else
    echo "ok - completion in zsh # SKIP zsh is not installed"
fi
finish
