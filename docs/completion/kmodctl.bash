# Completion for kmodctl and the tools of its kind. Use: source <(kmodctl completion bash)
_kmodctl() {
  local line=${COMP_LINE:0:COMP_POINT} kind current=$2 before
  local -a offer
  mapfile -t offer < <(kmodctl __complete "$line" 2>/dev/null)
  kind=${offer[0]}
  case $kind in
    files | folders)
      compopt -o filenames 2>/dev/null
      if [[ $kind == files ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
      fi
      return
      ;;
    open) compopt -o nospace 2>/dev/null ;;
  esac
  COMPREPLY=("${offer[@]:1}")
  COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
  # Bash replaces only what stands behind the last = or : of the word.
  before=${line##*[[:space:]]}
  if [[ $before == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then
    before=${before%"${before##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
  fi
}
complete -F _kmodctl kmodctl modprobe insmod rmmod lsmod modinfo depmod kmod
