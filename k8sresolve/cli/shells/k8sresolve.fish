# fish completion for k8sresolve: k8sresolve completion fish | source

function __k8sresolve_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l lines ($program __complete fish $words[2..-1] "$current" 2>/dev/null)
    string join \n -- $lines[2..-1]
    set -l paths (string split \t -- $lines[1])
    set -l path (string replace -- "$paths[2]" '' "$current")
    switch "$paths[1]"
        case files
            string join \n -- $paths[2](__fish_complete_path "$path")
        case directories
            string join \n -- $paths[2](__fish_complete_directories "$path")
    end
end

complete -c k8sresolve -f -k -a '(__k8sresolve_complete)'
