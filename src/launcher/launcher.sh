#!/bin/sh
# The launcher of an app image made by Slipway: starts a process type, or a command given by the user, in the environment that the
# buildpacks' layers ask for (Platform specification, "Launch"). The text is the same in every image but for the block between the
# two data marks, which is written at export from metadata.toml.
#
# Rules of this file: POSIX sh and its builtins (env and xargs only for variables whose names no shell can hold); every name begins
# with cnb__, so that no variable of the app is touched; no /dev/null, which a bare root may not have; IFS is a newline and globbing
# is off from the start on, so that a list is a text with one item a line, and a word list a text that `eval "set -- $list"` unfolds.

# >>> data
# launcher format 3
cnb__buildpacks=''
cnb__processes() {
  case $1 in
    '') cnb__offer direct replace id working-dir '' '' '' ;;
  esac
}
# <<< data

# --- what the shell itself changes, to be given back before the app starts
cnb__lc_all_was=${LC_ALL+set}
cnb__lc_all=${LC_ALL-}
cnb__oldpwd_was=${OLDPWD+set}
cnb__oldpwd=${OLDPWD-}
LC_ALL=C
IFS='
'
cnb__nl=$IFS
cnb__tab='	'
set -f

cnb__fail() { # EXIT-CODE MESSAGE
  printf 'ERROR: %s\n' "$2"
  exit "$1"
}

cnb__stop() { # MESSAGE
  cnb__fail 82 "failed to launch: $1"
}

# --- the environment: most variables are the shell's own, exported; names that a shell cannot hold, or that it changes by itself, are
# kept aside in numbered variables and added by env(1) at the end
cnb__aside=0
cnb__known_name=''

cnb__find_aside() { # NAME: its number in cnb__i, 0 when it is not kept aside
  cnb__i=$cnb__aside
  while [ "$cnb__i" -gt 0 ]; do
    eval "cnb__known_name=\$cnb__name_$cnb__i"
    [ "$cnb__known_name" = "$1" ] && return
    cnb__i=$((cnb__i - 1))
  done
}

cnb__get() { # NAME: its value, or nothing, in cnb__value
  cnb__find_aside "$1"
  if [ "$cnb__i" -gt 0 ]; then
    eval "cnb__value=\$cnb__value_$cnb__i"
    return
  fi
  case $1 in
    LC_ALL) cnb__value=$cnb__lc_all ;;
    OLDPWD) cnb__value=$cnb__oldpwd ;;
    '' | IFS | [!A-Za-z_]* | *[!A-Za-z0-9_]*) cnb__value= ;;
    *) eval "cnb__value=\${$1-}" ;;
  esac
}

cnb__set_aside() { # NAME VALUE
  cnb__find_aside "$1"
  if [ "$cnb__i" -eq 0 ]; then
    cnb__aside=$((cnb__aside + 1))
    cnb__i=$cnb__aside
  fi
  eval "cnb__name_$cnb__i=\$1 cnb__value_$cnb__i=\$2"
}

cnb__set() { # NAME VALUE
  case $1 in
    '') ;;
    [!A-Za-z_]* | *[!A-Za-z0-9_]* | cnb__* | _ | IFS | LC_ALL | PWD | OLDPWD | SHLVL | PPID | UID | EUID | ENV | LINENO) cnb__set_aside "$@" ;;
    OPTARG | OPTERR | OPTIND | PS[0-9] | BASH* | SHELLOPTS | GLOBIGNORE | TMOUT | POSIXLY_CORRECT | BB_ASH_VERSION) cnb__set_aside "$@" ;;
    RANDOM | SRANDOM | SECONDS | EPOCHSECONDS | EPOCHREALTIME | GROUPS | DIRSTACK | FUNCNAME | FUNCNEST | PIPESTATUS) cnb__set_aside "$@" ;;
    *) eval "$1=\$2; export $1" ;;
  esac
}

cnb__prepend_path() { # NAME DIRECTORY
  cnb__get "$1"
  cnb__set "$1" "$2${cnb__value:+:$cnb__value}"
}

# A shell drops inherited variables such as spring.profiles.active when it starts (dash, ash), or knows nothing of them (bash). The
# kernel still has them; read drops the NULs between the entries, which is enough to see whether a name may have a dot or a dash.
cnb__recover() {
  [ -r "/proc/$$/environ" ] || return 0
  cnb__read "/proc/$$/environ"
  case $cnb__text in
    *SHLVL=[0-9]*)
      cnb__shlvl=${cnb__text##*SHLVL=}
      cnb__shlvl=${cnb__shlvl%%[!0-9]*}
      ;;
    *) cnb__shlvl=none ;;
  esac
  cnb__may_have_odd_names "$cnb__text" && cnb__xargs=$(command -v xargs) || return 0
  # shellcheck disable=SC2016
  cnb__text=$("$cnb__xargs" -0 sh -c '
    for entry do
      case ${entry%%=*} in
        "$entry" | "") continue ;;
        [!A-Za-z_]* | *[!A-Za-z0-9_]*) ;;
        *) continue ;;
      esac
      quoted=
      while :; do
        case $entry in
          *"$0"*) quoted=$quoted${entry%%"$0"*}$0\\$0$0 entry=${entry#*"$0"} ;;
          *) break ;;
        esac
      done
      printf "%s " "$0$quoted$entry$0"
    done' "'" <"/proc/$$/environ") || return 0
  eval "set -- $cnb__text"
  for cnb__entry; do cnb__set_aside "${cnb__entry%%=*}" "${cnb__entry#*=}"; done
}

cnb__may_have_odd_names() { # ENVIRONMENT: a false alarm costs only time
  IFS='='
  # shellcheck disable=SC2086
  set -- $1
  IFS=$cnb__nl
  for cnb__part; do
    case ${cnb__part##*[!A-Za-z0-9_.-]} in
      *[.-]*) return 0 ;;
    esac
  done
  return 1
}

cnb__give_back() {
  {
    if [ -n "$cnb__lc_all_was" ]; then LC_ALL=$cnb__lc_all; else unset LC_ALL; fi
  } 2>&-
  if [ -n "$cnb__oldpwd_was" ]; then OLDPWD=$cnb__oldpwd; else unset OLDPWD; fi
  case ${BASH_VERSION+bash},${cnb__shlvl-} in
    bash,* | ,) ;; # bash lowers SHLVL by itself
    ,none) unset SHLVL ;;
    *) SHLVL=$cnb__shlvl ;; # ash has raised it
  esac
}

cnb__find_env() { # the program env in cnb__env, whatever PATH the layers have made
  for cnb__env in /usr/bin/env /bin/env; do
    [ ! -x "$cnb__env" ] || return 0
  done
  cnb__env='env'
}

cnb__become() { # COMMAND ARGUMENT...: becomes the command; does not return
  cnb__give_back
  cnb__find_env
  trap 'exit 82' EXIT
  if [ "$cnb__aside" -eq 0 ]; then
    case $1 in
      -*) exec "$cnb__env" -- "$@" ;;
      *) exec "$@" ;;
    esac
  fi
  cnb__words=
  cnb__i=0
  while [ "$cnb__i" -lt "$cnb__aside" ]; do
    cnb__i=$((cnb__i + 1))
    cnb__words="$cnb__words \"\$cnb__name_$cnb__i=\$cnb__value_$cnb__i\""
  done
  eval "exec \"\$cnb__env\" -- $cnb__words \"\$@\""
}

# --- files and directories
cnb__read() { # FILE: its exact bytes in cnb__text
  cnb__text=
  if [ ! -e "$1" ]; then cnb__stop "modify env: open $1: no such file or directory"; fi
  if [ -d "$1" ]; then cnb__stop "modify env: read $1: is a directory"; fi
  if [ ! -r "$1" ]; then cnb__stop "modify env: open $1: permission denied"; fi
  while IFS= read -r cnb__line; do
    cnb__text=$cnb__text$cnb__line$cnb__nl
  done <"$1"
  cnb__text=$cnb__text$cnb__line
}

cnb__list() { # DIRECTORY: what is in it, one path a line, names in byte order, in cnb__names
  cnb__names=
  [ -d "$1" ] || return 0
  set +f
  for cnb__entry in "$1"/[\ -,-]* "$1"/.[!.]* "$1"/..?* "$1"/[!\ -.]*; do
    if [ -e "$cnb__entry" ] || [ -L "$cnb__entry" ]; then cnb__names=$cnb__names$cnb__entry$cnb__nl; fi
  done
  set -f
}

cnb__list_files() { # DIRECTORY: like cnb__list, without directories; a link to one counts as a file
  cnb__list "$1"
  cnb__files=
  for cnb__entry in $cnb__names; do
    if [ ! -d "$cnb__entry" ] || [ -L "$cnb__entry" ]; then cnb__files=$cnb__files$cnb__entry$cnb__nl; fi
  done
}

cnb__list_layers() { # BUILDPACK: its layer directories in cnb__layers
  cnb__list "$cnb__layers_dir/$1"
  cnb__layers=
  for cnb__entry in $cnb__names; do
    if [ -d "$cnb__entry" ] && [ ! -L "$cnb__entry" ]; then cnb__layers=$cnb__layers$cnb__entry$cnb__nl; fi
  done
}

# --- layers: root directories and env files, then exec.d
cnb__apply_env_dir() { # DIRECTORY
  cnb__list_files "$1"
  for cnb__file in $cnb__files; do
    cnb__name=${cnb__file##*/}
    case $cnb__name in
      *.*) cnb__action=${cnb__name#*.} ;;
      *) cnb__action=override ;;
    esac
    cnb__name=${cnb__name%%.*}
    cnb__read "$cnb__file"
    cnb__new=$cnb__text
    cnb__get "$cnb__name"
    cnb__current=$cnb__value
    cnb__text=
    case $cnb__action in
      '') cnb__text=: ;;
    esac
    case $cnb__action in
      '' | append | prepend) if [ -e "$1/$cnb__name.delim" ]; then cnb__read "$1/$cnb__name.delim"; fi ;;
    esac
    [ -n "$cnb__current" ] || cnb__text=
    case $cnb__action in
      override) cnb__set "$cnb__name" "$cnb__new" ;;
      default) [ -n "$cnb__current" ] || cnb__set "$cnb__name" "$cnb__new" ;;
      append) cnb__set "$cnb__name" "$cnb__current$cnb__text$cnb__new" ;;
      '' | prepend) cnb__set "$cnb__name" "$cnb__new$cnb__text$cnb__current" ;;
    esac
  done
}

cnb__apply_layers() { # BUILDPACK...
  for cnb__buildpack; do
    cnb__list_layers "$cnb__buildpack"
    for cnb__layer in $cnb__layers; do
      if [ -e "$cnb__layer/bin" ]; then cnb__prepend_path PATH "$cnb__layer/bin"; fi
      if [ -e "$cnb__layer/lib" ]; then cnb__prepend_path LD_LIBRARY_PATH "$cnb__layer/lib"; fi
    done
    for cnb__layer in $cnb__layers; do
      cnb__apply_env_dir "$cnb__layer/env"
      cnb__apply_env_dir "$cnb__layer/env.launch"
      if [ -n "$cnb__type" ]; then cnb__apply_env_dir "$cnb__layer/env.launch/$cnb__type"; fi
    done
  done
}

cnb__run_exec_dirs() { # BUILDPACK...
  for cnb__buildpack; do
    cnb__list_layers "$cnb__buildpack"
    for cnb__layer in $cnb__layers; do
      cnb__list_files "$cnb__layer/exec.d"
      for cnb__file in $cnb__files; do cnb__run_exec_file "$cnb__file"; done
      [ -n "$cnb__type" ] || continue
      cnb__list_files "$cnb__layer/exec.d/$cnb__type"
      for cnb__file in $cnb__files; do cnb__run_exec_file "$cnb__file"; done
    done
  done
}

cnb__run_exec_file() { # FILE: runs it and sets what it writes to descriptor 3
  {
    cnb__text=$(
      if [ -c /dev/null ]; then exec </dev/null; else exec <&-; fi
      cnb__become "$1" 3>&1 1>&4 4>&-
    )
  } 4>&1 || cnb__stop "failed to execute exec.d file at path '$1': exit status $?"
  cnb__keys=$cnb__nl
  cnb__count=0
  cnb__why=
  cnb__toml_document "$cnb__text"
  [ -z "$cnb__why" ] || cnb__stop "failed to decode output from exec.d file at path '$1': $cnb__why"
  cnb__j=0
  while [ "$cnb__j" -lt "$cnb__count" ]; do
    cnb__j=$((cnb__j + 1))
    eval "cnb__set \"\$cnb__key_$cnb__j\" \"\$cnb__string_$cnb__j\""
  done
}

# --- TOML: a flat table of strings. What is wrong goes to cnb__why; cnb__in is the text that is left to read.
cnb__toml_document() { # TEXT
  if [ -z "${cnb__cr-}" ]; then
    cnb__text=$(printf '\r\b\f.')
    cnb__cr=${cnb__text%???}
    cnb__text=${cnb__text#?}
    cnb__backspace=${cnb__text%??}
    cnb__text=${cnb__text#?}
    cnb__form_feed=${cnb__text%?}
  fi
  case $1 in
    *'"""'* | *"'''"*) cnb__toml "$1" ;; # a string may go over lines
    *)
      # Line by line, since taking parts off the front of a long text is quadratic.
      for cnb__line in $1; do
        cnb__toml "$cnb__line" || return
      done
      ;;
  esac
}

cnb__toml() { # TEXT
  cnb__in=$1
  while :; do
    cnb__skip_blanks
    case $cnb__in in
      '' | "$cnb__cr") return 0 ;;
      "$cnb__nl"* | "$cnb__cr$cnb__nl"*)
        cnb__in=${cnb__in#"$cnb__cr"}
        cnb__in=${cnb__in#?}
        continue
        ;;
      '#'*)
        cnb__in=${cnb__in#"${cnb__in%%"$cnb__nl"*}"}
        continue
        ;;
      '"'*) cnb__basic || return 1 ;;
      "'"*) cnb__literal || return 1 ;;
      [A-Za-z0-9_-]*)
        cnb__string=${cnb__in%%[!A-Za-z0-9_-]*}
        cnb__in=${cnb__in#"$cnb__string"}
        ;;
      *) cnb__wrong 'a key was expected' || return 1 ;;
    esac
    cnb__key=$cnb__string
    cnb__skip_blanks
    case $cnb__in in
      =*) cnb__in=${cnb__in#?} ;;
      *) cnb__wrong "an equals sign was expected after the key '$cnb__key'" || return 1 ;;
    esac
    cnb__skip_blanks
    case $cnb__in in
      '"""'*) cnb__basic_lines || return 1 ;;
      "'''"*) cnb__literal_lines || return 1 ;;
      '"'*) cnb__basic || return 1 ;;
      "'"*) cnb__literal || return 1 ;;
      *) cnb__wrong "the value of '$cnb__key' is not a string" || return 1 ;;
    esac
    cnb__skip_blanks
    case $cnb__in in
      '' | '#'* | "$cnb__nl"* | "$cnb__cr" | "$cnb__cr$cnb__nl"*) ;;
      *) cnb__wrong "there is more after the value of '$cnb__key'" || return 1 ;;
    esac
    case $cnb__keys in
      *"$cnb__nl$cnb__key$cnb__nl"*) cnb__wrong "the key '$cnb__key' is there twice" || return 1 ;;
    esac
    cnb__keys=$cnb__keys$cnb__key$cnb__nl
    cnb__count=$((cnb__count + 1))
    eval "cnb__key_$cnb__count=\$cnb__key cnb__string_$cnb__count=\$cnb__string"
  done
}

cnb__wrong() { # WHY
  cnb__why=$1
  return 1
}

cnb__skip_blanks() {
  while :; do
    case $cnb__in in
      ' '* | "$cnb__tab"*) cnb__in=${cnb__in#?} ;;
      *) return ;;
    esac
  done
}

cnb__no_controls() { # TEXT: fails on control characters other than the tab
  case $1 in
    *[[:cntrl:]]*) ;;
    *) return 0 ;;
  esac
  cnb__rest=$1
  while :; do
    case ${cnb__rest%%"$cnb__tab"*} in
      *[[:cntrl:]]*) cnb__wrong "a control character in the value of '$cnb__key'" || return 1 ;;
    esac
    case $cnb__rest in
      *"$cnb__tab"*) cnb__rest=${cnb__rest#*"$cnb__tab"} ;;
      *) return 0 ;;
    esac
  done
}

cnb__literal() {
  cnb__in=${cnb__in#?}
  case ${cnb__in%%"$cnb__nl"*} in
    *"'"*) ;;
    *) cnb__wrong 'a string is not closed' || return 1 ;;
  esac
  cnb__string=${cnb__in%%"'"*}
  cnb__in=${cnb__in#*"'"}
  cnb__no_controls "$cnb__string"
}

cnb__literal_lines() {
  cnb__in=${cnb__in#???}
  cnb__skip_newline
  case $cnb__in in
    *"'''"*) ;;
    *) cnb__wrong 'a string is not closed' || return 1 ;;
  esac
  cnb__string=${cnb__in%%"'''"*}
  cnb__in=${cnb__in#*"'''"}
  cnb__extra_quotes "'"
}

cnb__skip_newline() { # right after the opening quotes
  case $cnb__in in
    "$cnb__cr$cnb__nl"*) cnb__in=${cnb__in#??} ;;
    "$cnb__nl"*) cnb__in=${cnb__in#?} ;;
  esac
}

cnb__extra_quotes() { # QUOTE: up to two of them may stand before the closing three
  case $cnb__in in
    "$1$1"*) cnb__string=$cnb__string$1$1 cnb__in=${cnb__in#??} ;;
    "$1"*) cnb__string=$cnb__string$1 cnb__in=${cnb__in#?} ;;
  esac
}

cnb__basic() {
  cnb__in=${cnb__in#?}
  cnb__string=
  while :; do
    cnb__part=${cnb__in%%[\"\\"$cnb__nl"]*}
    cnb__no_controls "$cnb__part" || return 1
    cnb__string=$cnb__string$cnb__part
    cnb__in=${cnb__in#"$cnb__part"}
    case $cnb__in in
      '"'*)
        cnb__in=${cnb__in#?}
        return 0
        ;;
      \\*) cnb__escape || return 1 ;;
      *) cnb__wrong 'a string is not closed' || return 1 ;;
    esac
  done
}

cnb__basic_lines() {
  cnb__in=${cnb__in#???}
  cnb__skip_newline
  cnb__string=
  while :; do
    cnb__part=${cnb__in%%[\"\\]*}
    cnb__string=$cnb__string$cnb__part
    cnb__in=${cnb__in#"$cnb__part"}
    case $cnb__in in
      '"""'*)
        cnb__in=${cnb__in#???}
        cnb__extra_quotes '"'
        return 0
        ;;
      '"'*) cnb__string=$cnb__string\" cnb__in=${cnb__in#?} ;;
      \\["$cnb__nl$cnb__cr$cnb__tab "]*) cnb__skip_lines || return 1 ;;
      \\*) cnb__escape || return 1 ;;
      *) cnb__wrong 'a string is not closed' || return 1 ;;
    esac
  done
}

cnb__skip_lines() { # a backslash at the end of a line swallows all white space up to the next text
  cnb__in=${cnb__in#?}
  cnb__part=${cnb__in%%[!"$cnb__nl$cnb__cr$cnb__tab "]*}
  cnb__in=${cnb__in#"$cnb__part"}
  case $cnb__part in
    *"$cnb__nl"*) ;;
    *) cnb__wrong 'a backslash before a blank' || return 1 ;;
  esac
}

cnb__escape() {
  case $cnb__in in
    '\"'*) cnb__char='"' ;;
    \\\\*) cnb__char="\\" ;;
    '\n'*) cnb__char=$cnb__nl ;;
    '\t'*) cnb__char=$cnb__tab ;;
    '\r'*) cnb__char=$cnb__cr ;;
    '\b'*) cnb__char=$cnb__backspace ;;
    '\f'*) cnb__char=$cnb__form_feed ;;
    '\u'[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]*) cnb__code_point 6 || return 1 ;;
    '\U'[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]*) cnb__code_point 10 || return 1 ;;
    *) cnb__wrong "a bad escape in the value of '$cnb__key'" || return 1 ;;
  esac
  cnb__string=$cnb__string$cnb__char
  cnb__in=${cnb__in#\\?}
}

cnb__code_point() { # LENGTH of \u... or \U...: its UTF-8 bytes in cnb__char; leaves two characters of the escape in cnb__in
  cnb__digits=${cnb__in#??}
  if [ "$1" -eq 6 ]; then cnb__digits=${cnb__digits%"${cnb__digits#????}"}; else cnb__digits=${cnb__digits%"${cnb__digits#????????}"}; fi
  cnb__in=\\u${cnb__in#\\[uU]"$cnb__digits"}
  cnb__number=$((0x$cnb__digits))
  if [ "$cnb__number" -eq 0 ] || [ "$cnb__number" -gt 1114111 ] || { [ "$cnb__number" -ge 55296 ] && [ "$cnb__number" -le 57343 ]; }; then
    cnb__wrong "\\u$cnb__digits is no character" || return 1
  fi
  if [ "$cnb__number" -lt 128 ]; then
    cnb__bytes=$(cnb__octal "$cnb__number")
  elif [ "$cnb__number" -lt 2048 ]; then
    cnb__bytes=$(cnb__octal $((192 + cnb__number / 64)) $((128 + cnb__number % 64)))
  elif [ "$cnb__number" -lt 65536 ]; then
    cnb__bytes=$(cnb__octal $((224 + cnb__number / 4096)) $((128 + cnb__number / 64 % 64)) $((128 + cnb__number % 64)))
  else
    cnb__bytes=$(cnb__octal $((240 + cnb__number / 262144)) $((128 + cnb__number / 4096 % 64)) $((128 + cnb__number / 64 % 64)) $((128 + cnb__number % 64)))
  fi
  cnb__char=${cnb__bytes%.}
}

cnb__octal() { # BYTE...: prints them and a full stop, which keeps a newline from being cut
  for cnb__byte; do
    # shellcheck disable=SC2059
    printf "\\$((cnb__byte / 64))$((cnb__byte / 8 % 8))$((cnb__byte % 8))"
  done
  printf .
}

# --- the process
cnb__offer() { # HOW ARGUMENTS BUILDPACK WORKING-DIR EXEC-ENVS COMMAND ARGS: a process of the asked type; the first eligible one counts
  cnb__is_type=yes
  [ -z "${cnb__how-}" ] || return 0
  case $5,$cnb__platform_api in
    ,*) ;;
    *,0.15) cnb__is_eligible "$5" || return 0 ;;
  esac
  cnb__how=$1 cnb__arguments=$2 cnb__buildpack_id=$3 cnb__working_dir=$4 cnb__command=$6 cnb__args=$7
}

cnb__is_eligible() { # EXEC-ENVS
  eval "set -- $1"
  for cnb__entry; do
    case $cnb__entry in
      '*' | "${CNB_EXEC_ENV:-production}") return 0 ;;
    esac
  done
  return 1
}

cnb__word_count() { # WORD-LIST
  eval "set -- $1"
  cnb__words=$#
}

cnb__join() { # WORD-LIST: its words with blanks between as one quoted word in cnb__text
  eval "set -- $1"
  cnb__rest=
  for cnb__entry; do cnb__rest="$cnb__rest${cnb__rest:+ }$cnb__entry"; done
  cnb__text=
  while :; do
    case $cnb__rest in
      *"'"*) cnb__text=$cnb__text${cnb__rest%%"'"*}"'\\''" cnb__rest=${cnb__rest#*"'"} ;;
      *) break ;;
    esac
  done
  cnb__text="'$cnb__text$cnb__rest'"
}

cnb__filter_path() {
  cnb__rest=$PATH:
  cnb__text=
  while [ -n "$cnb__rest" ]; do
    case ${cnb__rest%%:*} in
      /cnb/process | /cnb/lifecycle) ;;
      *) cnb__text=$cnb__text:${cnb__rest%%:*} ;;
    esac
    cnb__rest=${cnb__rest#*:}
  done
  PATH=${cnb__text#:}
}

cnb__look_up() { # COMMAND: fails as the Go launcher does when it cannot be run
  case $1 in
    */*)
      [ -e "$1" ] || cnb__stop "path lookup: exec: \"$1\": stat $1: no such file or directory"
      [ ! -d "$1" ] || cnb__stop "path lookup: exec: \"$1\": is a directory"
      [ -x "$1" ] || cnb__stop "path lookup: exec: \"$1\": permission denied"
      return
      ;;
  esac
  cnb__rest=${PATH:+$PATH:}
  while [ -n "$cnb__rest" ]; do
    cnb__entry=${cnb__rest%%:*}
    cnb__rest=${cnb__rest#*:}
    if [ -x "${cnb__entry:-.}/$1" ] && [ ! -d "${cnb__entry:-.}/$1" ]; then
      case $cnb__entry in
        /*) return ;;
        *) cnb__stop "path lookup: exec: \"$1\": cannot run executable found relative to current directory" ;;
      esac
    fi
  done
  cnb__stop "path lookup: exec: \"$1\": executable file not found in \$PATH"
}

cnb__go_to() { # DIRECTORY WHAT-FOR
  case $1 in
    /*) cnb__text=$1 ;;
    *) cnb__text=./$1 ;; # neither an option nor looked up in CDPATH
  esac
  [ -e "$1" ] || cnb__stop "$2: chdir $1: no such file or directory"
  [ -d "$1" ] || cnb__stop "$2: chdir $1: not a directory"
  [ -x "$1" ] || cnb__stop "$2: chdir $1: permission denied"
  cd "$cnb__text" || cnb__stop "$2: chdir $1"
}

cnb__add_profiles() { # BUILDPACK...: a line for each profile script to cnb__script
  for cnb__buildpack; do
    cnb__list_layers "$cnb__buildpack"
    for cnb__layer in $cnb__layers; do
      cnb__list_files "$cnb__layer/profile.d"
      for cnb__file in $cnb__files; do cnb__script="$cnb__script$cnb__source \"$cnb__file\"$cnb__nl"; done
      [ -n "$cnb__type" ] || continue
      cnb__list_files "$cnb__layer/profile.d/$cnb__type"
      for cnb__file in $cnb__files; do cnb__script="$cnb__script$cnb__source \"$cnb__file\"$cnb__nl"; done
    done
  done
}

# shellcheck disable=SC2016
cnb__write_script() { # COMMAND ARGUMENT...: the script of a shell process in cnb__script, for the shell in cnb__shell
  cnb__script=
  if [ -x /bin/bash ]; then
    cnb__shell=bash cnb__source='source' cnb__profile=.profile cnb__rest_words='"${@:1}"'
  else
    cnb__shell=sh cnb__source=. cnb__profile=./.profile cnb__rest_words='"$@"'
  fi
  eval "cnb__add_profiles $cnb__buildpacks"
  if [ -e .profile ] && [ ! -d .profile ]; then cnb__script="$cnb__script$cnb__source \"$cnb__profile\"$cnb__nl"; fi
  cnb__script="${cnb__script}cd \"${cnb__working_dir:-$cnb__app_dir}\"$cnb__nl"
  if [ "$#" -eq 1 ]; then
    cnb__script="${cnb__script}exec $cnb__shell -c \"\$@\""
    return
  fi
  cnb__script="${cnb__script}exec $cnb__shell -c '\"\$(eval echo \\\"\$0\\\")\""
  cnb__i=1
  while [ "$cnb__i" -lt "$#" ]; do
    cnb__script="$cnb__script \"\$(eval echo \\\"\${$cnb__i}\\\")\""
    cnb__i=$((cnb__i + 1))
  done
  cnb__script="$cnb__script' $cnb__rest_words"
}

# --- what it does
cnb__platform_api=${CNB_PLATFORM_API-}
case $cnb__platform_api in
  *[!\ "$cnb__tab$cnb__nl"]*) ;;
  *) cnb__fail 11 "failed to get platform API version; please set 'CNB_PLATFORM_API' to specify the desired platform API version" ;;
esac
case $cnb__platform_api in
  0.[789] | 0.1[0-5]) ;;
  v0.[789] | v0.1[0-5]) cnb__platform_api=${cnb__platform_api#v} ;;
  *[!0-9.v]* | ?*v* | *.*.* | v | .* | v.*) cnb__fail 11 "failed to parse platform API '$cnb__platform_api'" ;;
  *) cnb__fail 11 "failed to set platform API: platform API version '$cnb__platform_api' is incompatible with the lifecycle" ;;
esac

cnb__layers_dir=${CNB_LAYERS_DIR:-/layers}
cnb__layers_dir=${cnb__layers_dir%/}
cnb__app_dir=${CNB_APP_DIR:-/workspace}
if [ ! -e "$cnb__layers_dir/config/metadata.toml" ]; then
  cnb__fail 1 "failed to read metadata: open $cnb__layers_dir/config/metadata.toml: no such file or directory"
fi
if [ -n "${CNB_PROCESS_TYPE-}" ]; then
  printf 'Warning: CNB_PROCESS_TYPE is not supported in Platform API %s\n' "$cnb__platform_api"
  printf "Warning: Run with ENTRYPOINT '%s' to invoke the '%s' process type\n" "$CNB_PROCESS_TYPE" "$CNB_PROCESS_TYPE"
fi

cnb__type=${0##*/}
cnb__processes "$cnb__type"
if [ -z "${cnb__is_type-}" ]; then
  cnb__type='' cnb__working_dir=''
  [ "$#" -gt 0 ] || cnb__stop 'determine start command: when there is no default process a command is required'
  cnb__how=shell
  if [ "$1" = -- ] && [ "$#" -gt 1 ]; then
    cnb__how=direct
    shift
  fi
elif [ -z "${cnb__how-}" ]; then
  cnb__stop "determine start command: process type $cnb__type was not found"
else
  cnb__word_count "$cnb__command"
  case $cnb__platform_api,$# in
    *,0 | 0.[789],*) cnb__arguments=always ;;
  esac
  if [ "$cnb__arguments" = always ]; then
    if [ "$cnb__how" = shell ] && [ "$cnb__words" -gt 1 ]; then
      cnb__join "$cnb__command"
      cnb__command=$cnb__text
    fi
    cnb__command="$cnb__command $cnb__args"
  elif [ "$cnb__words" -le 1 ]; then
    case $cnb__arguments in
      append) cnb__command="$cnb__command $cnb__args" ;;
      unknown) cnb__stop "determine start command: failed to find buildpack for process $cnb__type with buildpack ID $cnb__buildpack_id" ;;
    esac
  fi
  [ "$cnb__words" -gt 0 ] || cnb__stop "no command provided for process type \"$cnb__type\""
  eval "set -- $cnb__command \"\$@\""
fi

cnb__go_to "$cnb__app_dir" 'change to app directory'
unset CNB_LAYERS_DIR CNB_APP_DIR CNB_PROCESS_TYPE CNB_PLATFORM_API CNB_DEPRECATION_MODE
if [ -n "${PATH+set}" ]; then cnb__filter_path; fi
cnb__recover
eval "cnb__apply_layers $cnb__buildpacks"
eval "cnb__run_exec_dirs $cnb__buildpacks"
case $cnb__how in
  direct)
    cnb__look_up "$1"
    if [ -n "$cnb__working_dir" ]; then cnb__go_to "$cnb__working_dir" 'change directory'; fi
    cnb__become "$@"
    ;;
  shell)
    cnb__write_script "$@"
    cnb__become "/bin/$cnb__shell" -c "$cnb__script" "$0" "$@"
    ;;
esac
