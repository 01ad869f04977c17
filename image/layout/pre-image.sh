#!/usr/bin/env bash
# Makes every partition's image and genimage's configuration: pre-image.sh ROOTFS OUT. Called by rpi-image-gen for a Pi and by
# scripts/build_image for the emulated machine. Sizes come as IGconf_image_*_part_size; a build with the same SOURCE_DATE_EPOCH
# and the same tools gives the same bytes.
set -euo pipefail
root=$1
out=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${IGconf_image_boot_part_size:?}" "${IGconf_image_system_part_size:?}" "${IGconf_image_data_part_size:?}"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
work=$(mktemp -d "$out/parts.XXXXXX")
trap 'rm -rf "$work"' EXIT
megabytes() { numfmt --from=iec "$1" --to-unit=1Mi; }

fat() {  # FILE SIZE LABEL SERIAL TREE
    rm -f "$1"
    mkdosfs -C -F 32 -s 1 -n "$3" -i "$4" --invariant "$1" $(($(megabytes "$2") * 1024)) > /dev/null
    # FAT knows no time before 1980
    find "$5" -exec touch -h -d "@$((SOURCE_DATE_EPOCH > 315619200 ? SOURCE_DATE_EPOCH : 315619200))" {} +
    (cd "$5" && LC_ALL=C mcopy -s -p -m -Q -i "$1" -- * ::)
}

# the partition that any computer can edit
mkdir "$work/config"
printf '[all]\r\ntryboot_a_b=1\r\nboot_partition=2\r\n[tryboot]\r\nboot_partition=3\r\n' > "$work/config/autoboot.txt"
cp -r "$here/bootconfig/." "$work/config/"
# the settings as the program itself would write them there: one source, the text ends its lines as any computer's editor likes
sed 's/$/\r/' "$root/opt/assistant/assistant/firstboot/assistant.toml" > "$work/config/assistant.toml"
fat "$out/bootconfig.vfat" 64M ASSISTANT 41535354 "$work/config"

# a slot's boot partition; the root is chosen in the initramfs, by the partition the bootloader came from
cp -r --no-preserve=ownership "$root/boot/firmware" "$work/boot"
sed -i -E 's/root=[^ ]*//; s/rootfstype=[^ ]*//; s/ (quiet|rootwait|fsck.repair=[a-z]+)//g' "$work/boot/cmdline.txt"
printf '%s root=PARTLABEL=system_a rootfstype=erofs ro rootwait panic=5 fsck.repair=yes quiet systemd.crash_action=reboot systemd.gpt_auto=0 systemd.show_status=no\n' \
    "$(tr -d '\n' < "$work/boot/cmdline.txt" | sed -E 's/ +/ /g; s/ $//')" > "$work/boot/cmdline.new"
mv "$work/boot/cmdline.new" "$work/boot/cmdline.txt"
if [ -f "$work/boot/config.txt" ]; then cat "$here/config.txt" >> "$work/boot/config.txt"; fi
fat "$out/boot.vfat" "$IGconf_image_boot_part_size" SLOT 534c4f54 "$work/boot"

# a slot's system
rm -f "$out/system.erofs"
# the Pi's kernel has pages of 16 KiB and gets blocks of that size; the emulated one what is quick to make
# shellcheck disable=SC2086
mkfs.erofs ${IGconf_fs_erofs_mkfs_args:--z lz4} -T "$SOURCE_DATE_EPOCH" -U 00000000-0000-4000-8000-000000000001 \
    --exclude-regex='^boot/.*' --exclude-regex='^var/.*' "$out/system.erofs" "$root" > /dev/null
size=$(stat -c %s "$out/system.erofs")
limit=$(numfmt --from=iec "$IGconf_image_system_part_size")
if [ "$size" -gt "$limit" ]; then
    echo "pre-image: the system needs $((size >> 20)) MiB, its partition has $((limit >> 20)); raise system_part_size" >&2
    exit 1
fi

# what is kept
mkdir "$work/data"
if [ -n "${IGconf_image_data_tree:-}" ]; then cp -r "$IGconf_image_data_tree/." "$work/data/"; fi
rm -f "$out/data.ext4"
export E2FSPROGS_FAKE_TIME=$((SOURCE_DATE_EPOCH + 1))
# blocks and inodes of the card's size that it grows to, not of the little it begins with
mke2fs -q -t ext4 -b 4096 -i 16384 -L DATA -m 1 -O ^metadata_csum_seed,metadata_csum -E lazy_itable_init=0,hash_seed=00000000-0000-4000-8000-000000000002 \
    -U 00000000-0000-4000-8000-000000000003 -d "$work/data" "$out/data.ext4" "$(megabytes "$IGconf_image_data_part_size")M"
# without this file the initramfs says that what was kept is gone; debugfs, for mke2fs would give it the time of day
directory=
for name in lib lib/assistant; do
    [ -d "$work/data/$name" ] || directory="${directory}mkdir $name\n"
done
printf '%bwrite /dev/null lib/assistant/.set-up\n' "$directory" | debugfs -w -f - "$out/data.ext4" > /dev/null
debugfs -R 'stat lib/assistant/.set-up' "$out/data.ext4" 2> /dev/null | grep -q '^Inode'

sed -e "s|<NAME>|${IGconf_image_name:?}|" -e "s|<BOOT_SIZE>|$IGconf_image_boot_part_size|" \
    -e "s|<SYSTEM_SIZE>|$IGconf_image_system_part_size|" "$here/genimage.cfg.in" > "$out/genimage.cfg"
