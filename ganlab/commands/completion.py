"""`ganlab completion`: a script that lets a shell complete what is typed after `ganlab`."""

import argparse

from ganlab.errors import ConfigError

EXAMPLES = (
    'eval "$(ganlab completion bash)"',
    'eval "$(ganlab completion zsh)"',
    "ganlab completion fish | source",
)
BASH = r"""_ganlab() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=($(ganlab completion --line "$line" 2>/dev/null))
    # bash replaces only what follows the last of its word breaks, such as = and :
    local word=${line##*[[:space:]]}
    local head=${word%"${word##*["$COMP_WORDBREAKS"]}"}
    COMPREPLY=("${COMPREPLY[@]#"$head"}")
}
complete -o default -o nospace -F _ganlab ganlab
"""
ZSH = r"""_ganlab() {
    local -a replies open
    replies=("${(@f)$(ganlab completion --line "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    open=("${(@M)replies:#*[=.]}")
    replies=("${(@)${(@M)replies:#* }% }")
    (( $#open )) && compadd -S '' -- $open
    (( $#replies )) && compadd -- $replies
    (( $#open + $#replies )) || { compset -P '*='; _files }
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
compdef _ganlab ganlab
"""
FISH = r"""function __ganlab
    set -l word (commandline -ct)
    set -l replies (ganlab completion --line (commandline -cp | string collect) 2>/dev/null)
    if set -q replies[1]
        string trim --right -- $replies
    else
        set -l head (string match --regex '.*=' -- $word)
        for path in (__fish_complete_path (string replace -- "$head" '' $word))
            echo $head$path
        end
    end
end
complete --command ganlab --no-files --arguments '(__ganlab)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell", nargs="?", choices=SCRIPTS, metavar="SHELL", help="bash, zsh or fish"
    )
    parser.add_argument("--line", help=argparse.SUPPRESS)  # what the scripts call back with


def run(arguments: argparse.Namespace) -> None:
    from ganlab.commands.candidates import candidates

    if arguments.line is not None:
        for candidate in candidates(arguments.line):
            print(candidate)
    elif arguments.shell:
        print(SCRIPTS[arguments.shell], end="")
    else:
        raise ConfigError(f"for which shell? such as\n  {EXAMPLES[0]}")
