# Sourced before anything else by the script of a suite: where it is asked for --help, prints the comment at the head of
# the script and ends.

case " $* " in
  *' --help '*)
    sed -n -e '1d' -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
