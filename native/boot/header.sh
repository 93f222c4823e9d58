#!/bin/sh
{ # Up to the last line: of a file that is cut short before, neither sh nor Python runs anything.
# A CZEX: a Python app. `pexcz inspect` shows what is inside.
# Where the app is installed already, these lines run it at once; else they give this file to Python.
c= r=${0%"${0##*/}"}.pexrc
if [ -z "@set_variables@" ] && [ -n "$HOME" ] && ! [ -e /etc/pexrc -o -e "$HOME/.pexrc" -o -e "$r" ]; then
  if [ -n "$PEXCZ_ROOT" ]; then c=$PEXCZ_ROOT
  elif [ -n "$PEX_ROOT" ]; then c=$PEX_ROOT/czex
  elif [ -n @pex_root@ ]; then c=@pex_root@/czex
  elif [ -d /System/Library ]; then c=$HOME/Library/Caches/czex
  else c=${XDG_CACHE_HOME:-$HOME/.cache}/czex
  fi
fi
# What another user has put into a cache is nothing to run.
s=
if [ -n "$c" ] && [ -e "$c/venvs" ]; then
  for d in venvs wheels sources; do [ -O "$c/$d" ] && ! [ -L "$c/$d" ] || s=-; done
fi
v=$c/venvs/@fingerprint@
set -f
IFS=:
for n in @names@ $PEX_PYTHON; do
  for d in $PATH $PEX_PYTHON_PATH; do
    case $n in /*) f=$n ;; *) f=$d/$n ;; esac
    [ -f "$f" ] && [ -x "$f" ] || continue
    i=$s t=
    # An environment that is not its interpreter's any more sets the variable, and comes back.
    case $s$_CZEX_COLD_SH_PYTHON$c in /*) [ -r "$v/sh$f" ] && { IFS= read -r i; IFS= read -r t; } <"$v/sh$f" ;; esac
    # A `.pth` file that has come to the machine may change what the app finds, or one that has gone.
    for t in $t; do [ "$t" -nt "$v/sh$f" ] && i=; done
    case $i in
      -) ;;
      ?*) [ "$v/$i/bin/python" -ef "$f" ] && exec "$v/$i/bin/python"@python_args@ "$v/$i/./__main__.py" "$0" "$@" ;;
    esac
    [ "$i" = - ] || export _CZEX_COLD_SH_PYTHON="$f"
    exec "$f"@python_args@ "$0" "$@"
  done
done
echo "czex: $0 needs one of these on PATH, and none is there:" @names@ >&2
exit 127
}
