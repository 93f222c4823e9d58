#!/bin/sh
{ # The braces enclose all lines: of a truncated file, sh and Python run no line.
# A CZEX: a Python app. `pexcz inspect` shows its content.
# If the app is installed already, these lines run it at once; otherwise they pass this file to Python.
c= r=${0%"${0##*/}"}.pexrc
if [ -z "@set_variables@" ] && [ -n "$HOME" ] && ! [ -e /etc/pexrc -o -e "$HOME/.pexrc" -o -e "$r" ]; then
  if [ -n "$PEXCZ_ROOT" ]; then c=$PEXCZ_ROOT
  elif [ -n "$PEX_ROOT" ]; then c=$PEX_ROOT/czex
  elif [ -n @pex_root@ ]; then c=@pex_root@/czex
  elif [ -d /System/Library ]; then c=$HOME/Library/Caches/czex
  else c=${XDG_CACHE_HOME:-$HOME/.cache}/czex
  fi
fi
# Files that another user has put into a cache must not be run.
s=
if [ -n "$c" ] && [ -e "$c/venvs" ]; then
  for d in venvs wheels sources; do [ -O "$c/$d" ] && ! [ -L "$c/$d" ] || s=-; done
fi
v=$c/venvs/@fingerprint@
set -f
IFS=:
m=@names@
for n in $m; do
  for d in $PATH; do
    case $n in /*) f=$n ;; *) f=$d/$n ;; esac
    [ -f "$f" ] && [ -x "$f" ] || continue
    i=
    # An environment whose interpreter was replaced sets the variable, and runs this header again.
    case $s$_CZEX_COLD_SH_PYTHON$c in /*) [ -r "$v/sh$f" ] && IFS= read -r i <"$v/sh$f" ;; esac
    # A `.pth` file was added or removed since then, which may change the result: Python decides again.
    [ -z "$i" ] || for t in 1 2 3 4; do [ "$v/sh$f~$t" -nt "$v/sh$f" ] && i=; done
    case $i in
      "!") continue ;;
      -) exec "$f"@python_args@ "$0" "$@" ;;
      ?*) [ "$v/$i/bin/python" -ef "$f" ] && exec "$v/$i/bin/python"@python_args@ "$v/$i/./__main__.py" "$0" "$@" ;;
    esac
    break 2
  done
done
# A file with the name of a Python may not run one: a shim of pyenv may refuse. Therefore each candidate must print its version,
# which takes a Python a millisecond. The first that fits runs this file, otherwise the first that answers. Candidates that an
# earlier start passed over are asked last. `eval` keeps sh from parsing these lines at a start that has ended above.
b= j= k= t=
eval '
x="
"
for p in "!" :; do
  for n in $m $PEX_PYTHON; do
    case $n in /*) l=/ ;; *) l=${PATH:+$PATH:}$PEX_PYTHON_PATH ;; esac
    for d in $l; do
      case $d in /*) ;; *) d=./$d ;; esac
      case $n in /*) f=$n ;; *) f=$d/$n ;; esac
      [ -d "$d" ] || f=$d
      [ -f "$f" ] && [ -x "$f" ] || continue
      case $t in *"$x  $f: "*) continue ;; esac
      i=$s
      case $s$c in /*) [ -r "$v/sh$f" ] && IFS= read -r i <"$v/sh$f" ;; esac
      for y in 1 2 3 4; do [ "$v/sh$f~$y" -nt "$v/sh$f" ] && i=$s; done
      [ "$i" != "$p" ] || continue
      a=$("$f" -V 2>&1 </dev/null) && case $a in
        @fitting@) b=$f j=$i; break 3 ;;
        @answering@) [ -n "$b" ] || b=$f j=$i ;;
      esac || a=${a:-exit code $?}
      a=${a%%"$x"*} a=${a##*"$f: "}
      case $a in "" | *[[:cntrl:]]*) a="no answer" ;; esac
      t="$t$x  $f: $a" k=$k:$f
    done
  done
done
t=${t:-"$x  not on PATH: $m"}
'
if [ -n "$b" ]; then
  case $j in - | +) ;; *) export _CZEX_COLD_SH_PYTHON="$b" _CZEX_COLD_SH_PASSED="$k" ;; esac
  exec "$b"@python_args@ "$0" "$@"
fi
printf '%s\n' "czex: can't start $0: no Python answers; install "@needed@", or start it as /path/to/python $0; tried:$t" >&2
exit 127
}
