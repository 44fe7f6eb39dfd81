# What the matrix of formats does to each file system.  $1 is where it is, $2
# how many files come and go.
cd "$1" || exit 1
fail() { echo "load: $*"; exit 1; }

[ "$(cat given/small)" = small ] || fail "what was there is not"
if ! mkdir many 2>/dev/null; then
    cat given/large given/attributes* >/dev/null || fail "reading"
    echo "only read"
    exit 0
fi

i=0
while [ $i -lt "$2" ]; do
    echo "content $i" >"many/a name of some length $i" || fail "create $i"
    i=$((i + 1))
done
mkdir -p deep/er/and/deeper keep
ln given/small keep/linked || fail ln
ln -s short keep/short || fail "short link"
long=$(printf '%0150d' 7)
ln -s "$long" keep/long || fail "long link"
[ "$(readlink keep/long)" = "$long" ] || fail readlink

# grow, holes, shrink, grow again
dd if=given/large of=keep/grown bs=7001 2>/dev/null || fail dd
cat given/large >>keep/grown || fail append
dd if=given/small of=keep/holes bs=1 seek=5000000 2>/dev/null || fail seek
truncate -s 12345 keep/grown || fail truncate
truncate -s 400000 keep/grown || fail "truncate up"
echo tail >>keep/grown
dd if=given/large of=keep/holes bs=1000 seek=333 conv=notrunc 2>/dev/null
truncate -s 700001 keep/holes
truncate -s 3000000 keep/nothing
truncate -s 1001 keep/nothing
[ $(wc -c <keep/nothing) = 1001 ] || fail "truncate in a hole"

# what the image had: attributes, an indexed directory
rm given/attributes* || fail "rm with attributes"
mv given/indexed/f7 given/indexed/"a new name" || fail mv
i=100
while [ $i -lt 112 ]; do
    echo $i >given/indexed/new$i || fail "enter into an indexed directory"
    rm given/indexed/f$i
    i=$((i + 1))
done
echo replaced >given/other
mv given/other given/small || fail "mv over"
mv deep/er keep/moved || fail "mv of a directory"
rmdir deep
chmod 4755 keep/linked
chown 70000:80000 keep/linked || fail chown

# half of the files go, then all but some
i=0
while [ $i -lt "$2" ]; do
    rm "many/a name of some length $i" || fail "rm $i"
    i=$((i + 2))
done
sync
mkdir many/again
cp given/large many/again/copy || fail "cp into the room of others"
ls many | wc -l
rm -r many || fail "rm -r"
cp -r given/indexed keep/copied || fail "cp -r"
rm -r given/indexed || fail "rm -r of an indexed directory"
echo precious >precious
echo "written"
