#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The shell and the commands that people expect, run on the system itself.
failures=0

# expect WHAT EXPECTED ACTUAL
expect() {
    if [ "$2" != "$3" ]; then
        echo "FAILED $1: expected '$2', got '$3'"
        failures=$((failures + 1))
    fi
}

dir=/tmp/commands.$$
mkdir $dir && cd $dir || exit 1

expect pipeline "3" "$(seq 10 | grep -v 1 | sed s/x/y/ | sort -n | head -2 | tail -1)"
expect wc "10 10 21" "$(echo $(seq 10 | wc))"
expect substitution "a b" "$(echo a $(echo b))"
cat >here <<X
one
$((1 + 1))
X
expect here-document "one 2" "$(echo $(cat here))"
expect awk "5" "$(echo 2 3 | awk '{print $1+$2}')"
expect expr 7 "$(expr 3 + 4)"
expect test yes "$(test -f here && echo yes)"
expect xargs "1 2 3" "$(seq 3 | xargs echo)"
expect status 3 "$(sh -c 'exit 3'; echo $?)"
expect background 4 "$( (exit 4) & wait $!; echo $?)"
expect "/dev/fd" "from stdin" "$(echo from stdin | cat /dev/fd/0)"
expect "/dev/stdout" out "$(echo out >/dev/stdout)"
expect "xargs without a program" "127" "$(echo a | xargs nothing 2>/dev/null; echo $?)"
mkfifo pipe
(seq 20000 >pipe) &
expect fifo "20000 20000" "$(echo $(cat pipe | tee copy | tail -1) $(wc -l <copy))"
wait
rm pipe copy
expect trap "got it" "$(sh -c 'trap "echo got it" TERM; kill -TERM $$; :')"
expect kill 143 "$(sh -c 'kill -TERM $$'; echo $?)"

mkdir -p a/b/c && touch a/b/c/d && ln -s b a/link && ln here hard
expect find "a a/b a/b/c a/b/c/d a/link" "$(echo $(find a | sort))"
expect readlink b "$(readlink a/link)"
expect links 2 "$(stat -c %h here)"
cp -r a a2 && mv a2 a3 && expect "cp mv" "a/b/c/d a3/b/c/d" "$(echo a*/b/c/d)"
rm -r a3 && expect rm "a" "$(echo a*)"
expect ls "drwxr-xr-x" "$(ls -ld a | cut -c1-10)"
expect du yes "$(du -s a >/dev/null && echo yes)"
expect df yes "$(df / >/dev/null && echo yes)"
expect date yes "$(test $(date +%s) -gt 1700000000 && echo yes)"
expect id "uid=0" "$(id | cut -c1-5)"
expect uname GNU "$(uname)"
expect env "x y" "$(VALUE='x y' env | sed -n s/VALUE=//p)"
expect sha256sum b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c \
    "$(echo foo | sha256sum | cut -d' ' -f1)"
dd if=/dev/zero of=zero bs=4096 count=100 2>/dev/null
expect dd 409600 "$(stat -c %s zero)"
tar cf a.tar a zero && gzip a.tar && mkdir out &&
    gzip -dc a.tar.gz | tar xf - -C out
expect tar "$(sha256sum <zero)" "$(sha256sum <out/zero)"
expect ps yes "$(ps | grep -q '[c]ommands.sh' && echo yes)"
sleep 0.1 || expect sleep 0 $?
cat >script <<'X'
#!/bin/sh
echo "$0 $1"
X
chmod +x script
expect script "./script arg" "$(./script arg)"
i=0
while [ $i -lt 50 ]; do
    /bin/true || break
    i=$((i + 1))
done
expect "many processes" 50 $i
cd / && rm -r $dir
echo "commands: $failures failed"
[ $failures = 0 ]
