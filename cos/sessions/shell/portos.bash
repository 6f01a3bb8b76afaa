# Start file for bash: reads what a login shell would, then adds marks around prompts and commands (OSC 133) and the
# folder (OSC 7). A command line is sent percent-encoded and with the nonce of the session, so that a program that
# merely prints such a mark is not believed.
__portos_nonce=$__PORTOS_NONCE
unset __PORTOS_NONCE
if [ -r /etc/profile ]; then . /etc/profile; fi
if [ -r ~/.bash_profile ]; then . ~/.bash_profile
elif [ -r ~/.bash_login ]; then . ~/.bash_login
elif [ -r ~/.profile ]; then . ~/.profile
elif [ -r ~/.bashrc ]; then . ~/.bashrc
fi
__portos_escape() {
  local LC_ALL=C text=$1
  text=${text//\%/%25}
  text=${text//;/%3b}
  text=${text//$'\n'/%0a}
  text=${text//$'\r'/%0d}
  text=${text//$'\t'/%09}
  text=${text//$'\e'/%1b}
  text=${text//$'\a'/%07}
  REPLY=${text//[[:cntrl:]]/}
}
__portos_last_line() { HISTTIMEFORMAT= builtin history 1 2>/dev/null; }
__portos_before() {
  local line REPLY
  line=$(__portos_last_line)
  if [ "$line" = "$__portos_seen" ]; then
    builtin printf '\e]133;C;nonce=%s\a' "$__portos_nonce"
    return
  fi
  if [[ $line =~ ^[[:space:]]*[0-9]+[*]?[[:space:]]+(.*)$ ]]; then line=${BASH_REMATCH[1]}; fi
  __portos_escape "$line"
  builtin printf '\e]133;C;cmdline_url=%s;nonce=%s\a' "$REPLY" "$__portos_nonce"
}
__portos_first() {
  __portos_status=$?
  builtin printf '\e]133;D;%s;nonce=%s\a' "$__portos_status" "$__portos_nonce"
  return $__portos_status
}
__portos_last() {
  local REPLY
  __portos_escape "$PWD"
  builtin printf '\e]7;file://%s\a' "$REPLY"
  case $PS1 in
    *133\;A*) ;;
    *) PS1='\[\e]133;A\a\]'$PS1'\[\e]133;B\a\]' ;;
  esac
  __portos_seen=$(__portos_last_line)
  return $__portos_status
}
if [ "${BASH_VERSINFO[0]}" -gt 4 ] || { [ "${BASH_VERSINFO[0]}" -eq 4 ] && [ "${BASH_VERSINFO[1]}" -ge 4 ]; }; then
  PS0='$(__portos_before)'$PS0
fi
if [ "${#PROMPT_COMMAND[@]}" -gt 1 ]; then
  PROMPT_COMMAND=(__portos_first "${PROMPT_COMMAND[@]}" __portos_last)
else
  PROMPT_COMMAND=__portos_first${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}$'\n'__portos_last
fi
