#compdef kmodctl modprobe insmod rmmod lsmod modinfo depmod kmod
# Completion for kmodctl and the tools of its kind. Use: kmodctl completion zsh >"${fpath[1]}/_kmodctl"
_kmodctl() {
  local kind line
  local -a offer words_only texts
  offer=("${(@f)$(kmodctl __complete "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
  kind=$offer[1]
  shift offer
  case $kind in
    files) _files ; return ;;
    folders) _files -/ ; return ;;
  esac
  for line in $offer; do
    words_only+=("${line%%$'\t'*}")
    texts+=("${line/$'\t'/  -- }")
  done
  if [[ $kind == open ]]; then
    compadd -S '' -l -d texts -a words_only
  else
    compadd -l -d texts -a words_only
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _kmodctl "$@"
else
  compdef _kmodctl kmodctl modprobe insmod rmmod lsmod modinfo depmod kmod
fi
