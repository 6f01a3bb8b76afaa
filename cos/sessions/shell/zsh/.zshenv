# zsh is sent to this folder with ZDOTDIR. Each file here reads the user's own file of the same name; the marks are
# added last, and ZDOTDIR is given back when the shell is ready.
__portos_nonce=$__PORTOS_NONCE
__portos_shim=$ZDOTDIR
__portos_home=${__PORTOS_ZDOTDIR:-$HOME}
unset __PORTOS_NONCE __PORTOS_ZDOTDIR
ZDOTDIR=$__portos_home
if [[ -r $ZDOTDIR/.zshenv ]]; then builtin source "$ZDOTDIR/.zshenv"; fi
__portos_home=${ZDOTDIR:-$HOME}
ZDOTDIR=$__portos_shim
