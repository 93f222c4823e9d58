"""Activation scripts for interpreters without the `venv` module, which contains such scripts."""

import os

SH = """\
# For bash, zsh and other shells of the family: `. bin/activate`; `deactivate` undoes it.
deactivate () {{
    if [ -n "${{_OLD_VIRTUAL_PATH+set}}" ]; then
        PATH=$_OLD_VIRTUAL_PATH
        export PATH
        unset _OLD_VIRTUAL_PATH
    fi
    if [ -n "${{_OLD_VIRTUAL_PYTHONHOME+set}}" ]; then
        PYTHONHOME=$_OLD_VIRTUAL_PYTHONHOME
        export PYTHONHOME
        unset _OLD_VIRTUAL_PYTHONHOME
    fi
    if [ -n "${{_OLD_VIRTUAL_PS1+set}}" ]; then
        PS1=$_OLD_VIRTUAL_PS1
        unset _OLD_VIRTUAL_PS1
    fi
    hash -r 2>/dev/null
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    [ "$1" = nondestructive ] || unset -f deactivate
}}

deactivate nondestructive
VIRTUAL_ENV={venv}
VIRTUAL_ENV_PROMPT={prompt}
export VIRTUAL_ENV VIRTUAL_ENV_PROMPT
_OLD_VIRTUAL_PATH=$PATH
PATH=$VIRTUAL_ENV/bin:$PATH
export PATH
if [ -n "${{PYTHONHOME+set}}" ]; then
    _OLD_VIRTUAL_PYTHONHOME=$PYTHONHOME
    unset PYTHONHOME
fi
if [ -z "$VIRTUAL_ENV_DISABLE_PROMPT" ]; then
    _OLD_VIRTUAL_PS1=${{PS1-}}
    PS1="($VIRTUAL_ENV_PROMPT) ${{PS1-}}"
fi
hash -r 2>/dev/null
"""
CSH = """\
# For csh and tcsh: `source bin/activate.csh`; `deactivate` undoes it.
alias deactivate 'setenv PATH "$_OLD_VIRTUAL_PATH"; unset _OLD_VIRTUAL_PATH; set prompt="$_OLD_VIRTUAL_PROMPT"; unset _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV; rehash; unalias deactivate'
setenv VIRTUAL_ENV {venv}
set _OLD_VIRTUAL_PATH="$PATH"
setenv PATH "$VIRTUAL_ENV/bin:$PATH"
if (! $?prompt) set prompt=""
set _OLD_VIRTUAL_PROMPT="$prompt"
set prompt={csh_prompt}"$prompt"
rehash
"""
FISH = """\
# For fish: `source bin/activate.fish`; `deactivate` undoes it.
function deactivate
    set -gx PATH $_OLD_VIRTUAL_PATH
    set -e _OLD_VIRTUAL_PATH
    set -e VIRTUAL_ENV
    functions -e deactivate
end
set -gx VIRTUAL_ENV {venv}
set -g _OLD_VIRTUAL_PATH $PATH
set -gx PATH "$VIRTUAL_ENV/bin" $PATH
set -e PYTHONHOME
"""


def scripts(venv, prompt):
    """Return (name, text) of each script."""
    prompt = prompt or os.path.basename(venv)
    values = {
        "venv": quoted(venv),
        "prompt": quoted(prompt),
        "csh_prompt": quoted("({0}) ".format(prompt)),
    }
    return [
        ("activate", SH.format(**values)),
        ("activate.csh", CSH.format(**values)),
        ("activate.fish", FISH.format(**values)),
    ]


def quoted(text):
    return "'{0}'".format(text.replace("'", "'\"'\"'"))
