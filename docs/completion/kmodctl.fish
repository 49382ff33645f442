# Completion for kmodctl and the tools of its kind. Use:
#   kmodctl completion fish >~/.config/fish/completions/kmodctl.fish
function __kmodctl_complete
    set -l offer (kmodctl __complete (commandline -cp | string collect) 2>/dev/null)
    switch $offer[1]
        case files
            __fish_complete_path (commandline -ct)
        case folders
            __fish_complete_directories (commandline -ct) ''
        case '*'
            string join -- \n $offer[2..-1]
    end
end
for program in kmodctl modprobe insmod rmmod lsmod modinfo depmod kmod
    complete -c $program -e
    complete -c $program -f -a '(__kmodctl_complete)'
end
