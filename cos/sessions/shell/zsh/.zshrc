if [[ $HISTFILE == $__portos_shim/* ]]; then HISTFILE=$__portos_home/${HISTFILE:t}; fi
ZDOTDIR=$__portos_home
if [[ -r $ZDOTDIR/.zshrc ]]; then builtin source "$ZDOTDIR/.zshrc"; fi
__portos_home=${ZDOTDIR:-$HOME}
__portos_escape() {
  emulate -L zsh
  local text=$1
  text=${text//\%/%25}
  text=${text//;/%3b}
  text=${text//$'\n'/%0a}
  text=${text//$'\r'/%0d}
  text=${text//$'\t'/%09}
  text=${text//$'\e'/%1b}
  text=${text//$'\a'/%07}
  REPLY=${text//[[:cntrl:]]/}
}
__portos_preexec() {
  local REPLY
  __portos_escape "$1"
  builtin printf '\e]133;C;cmdline_url=%s;nonce=%s\a' "$REPLY" "$__portos_nonce"
}
__portos_precmd() {
  local code=$? REPLY
  builtin printf '\e]133;D;%s;nonce=%s\a' "$code" "$__portos_nonce"
  __portos_escape "$PWD"
  builtin printf '\e]7;file://%s\a' "$REPLY"
  if [[ $PS1 != *133\;A* ]]; then PS1=$'%{\e]133;A\a%}'$PS1$'%{\e]133;B\a%}'; fi
  return $code
}
autoload -Uz add-zsh-hook
add-zsh-hook preexec __portos_preexec
add-zsh-hook precmd __portos_precmd
if [[ -o login ]]; then ZDOTDIR=$__portos_shim; else unset __portos_shim; fi
