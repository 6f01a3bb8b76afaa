# Read by fish after the user's configuration: marks around prompts and commands, and the folder.
set -g __portos_nonce $__PORTOS_NONCE
set -e __PORTOS_NONCE
function __portos_before --on-event fish_preexec
    printf '\e]133;C;cmdline_url=%s;nonce=%s\a' (string escape --style=url -- "$argv" | string join '') $__portos_nonce
end
function __portos_after --on-event fish_postexec
    printf '\e]133;D;%s;nonce=%s\a' $status $__portos_nonce
end
function __portos_prompt --on-event fish_prompt
    printf '\e]7;file://%s\a' (string escape --style=url -- $PWD)
    printf '\e]133;A\a'
end
