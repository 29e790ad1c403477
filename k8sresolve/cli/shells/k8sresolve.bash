# bash completion for k8sresolve: source <(k8sresolve completion bash)

_k8sresolve() {
    local program=${1/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]} line
    local -a lines=()
    while IFS= read -r line; do
        lines+=("$line")
    done < <("$program" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    ((${#lines[@]})) || return 0
    for line in "${lines[@]:1}"; do
        COMPREPLY+=("${line%%$'\t'*}")
    done
    [[ $current == = ]] && current=
    case ${lines[0]%%$'\t'*} in
    files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -f -- "$current")
        ;;
    directories)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done < <(compgen -d -- "$current")
        ;;
    esac
}

complete -F _k8sresolve k8sresolve
