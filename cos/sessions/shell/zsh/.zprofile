ZDOTDIR=$__portos_home
if [[ -r $ZDOTDIR/.zprofile ]]; then builtin source "$ZDOTDIR/.zprofile"; fi
__portos_home=${ZDOTDIR:-$HOME}
ZDOTDIR=$__portos_shim
