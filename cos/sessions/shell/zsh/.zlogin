ZDOTDIR=$__portos_home
unset __portos_shim
if [[ -r $ZDOTDIR/.zlogin ]]; then builtin source "$ZDOTDIR/.zlogin"; fi
