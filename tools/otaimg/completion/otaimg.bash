# bash completion for otaimg. Readline splits words at ':' and '=', so a key URI and --option=value
# arrive here in pieces.

# Options of a command.
_otaimg_options()
{
    local common='-q --quiet -h --help'
    local key='--pin-fd --passphrase-fd --passphrase-file --allow-sample-key'
    local decrypt='--decrypt-key --decrypt-iv'
    local trust='-d --device --verify-key'

    case $1 in
    init) echo "-o --output --device-file --force $common" ;;
    build)
        echo "-o --output --set --variant --jobs --for --sbom --provenance --builder-id --log" \
            "--allow-insecure $key $common"
        ;;
    lint) echo "--set --variant --log --json $key $common" ;;
    sign) echo "-k --sign-key -o --output --log $decrypt $key $common" ;;
    resign) echo "-k --sign-key -o --output --log $trust $decrypt $key $common" ;;
    prepare) echo "--verify-key -o --output --set --variant $key $common" ;;
    answer) echo "-k --sign-key -o --output --log $key $common" ;;
    attach) echo "-o --output --log $key $common" ;;
    verify) echo "--boot --crypto --sbom $trust $decrypt $key $common" ;;
    inspect) echo "--json --verify-key $decrypt $key $common" ;;
    estimate) echo "--json $decrypt $key $common" ;;
    simulate)
        echo "-d --device --installed --mtu --phy --interval --dle --loss --cut --seed --self-test" \
            "--stock-service --faults --thin --json --listen $key $common"
        ;;
    extract) echo "-o --output --image --allow-insecure $trust $decrypt $key $common" ;;
    compare) echo "--ignore-signatures $decrypt $key $common" ;;
    send) echo "--serial --ble --adapter --unix --state --attempts --timeout --json $trust $decrypt $key $common" ;;
    merge)
        echo "-b --bootloader -p --provision --app-hex -o --output --json $decrypt $key $common"
        ;;
    which-key) echo "--keys --json $decrypt $key $common" ;;
    'keys list') echo "--login --json $key $common" ;;
    'keys show') echo "--json $key $common" ;;
    'keys generate') echo "--type --no-encrypt --record $key $common" ;;
    'log verify') echo "--expect $common" ;;
    'keys export')
        echo "--format --name -d --device --with-decrypt-key -o --output $key $common"
        ;;
    esac
}

_otaimg_files()
{
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_otaimg_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# A key: a URI, whose scheme has no blank behind it, or a path.
_otaimg_key()
{
    local schemes

    _otaimg_files "$1"
    mapfile -t schemes < <(compgen -W 'exec: file: pkcs11:' -- "$1")
    if ((${#schemes[@]} > 0)); then
        compopt -o nospace 2>/dev/null
        COMPREPLY+=("${schemes[@]}")
    fi
}

# Value $2 of option $1; false when the option takes none.
_otaimg_value()
{
    case $1 in
    -o | --output | --device-file | -d | --device | --for | --sbom | --record | --log | --passphrase-file | \
        -b | --bootloader | -p | --provision | --app-hex | --serial | \
        --unix | --state | --listen) _otaimg_files "$2" ;;
    -k | --sign-key | --verify-key | --keys | --decrypt-key) _otaimg_key "$2" ;;
    --type) _otaimg_words "$2" 'p256 aes128' ;;
    --phy) _otaimg_words "$2" '1m 2m coded-s2 coded-s8' ;;
    --self-test) _otaimg_words "$2" 'passes hangs silent' ;;
    --faults) _otaimg_words "$2" 'all' ;;
    --format) _otaimg_words "$2" 'pem der c raw provision' ;;
    --set | --name | --builder-id | --expect | --decrypt-iv | --pin-fd | --passphrase-fd | --timeout | \
        --attempts | --ble | --adapter) ;;
    *) return 1 ;;
    esac
}

_otaimg()
{
    local commands='init build lint sign resign prepare answer attach verify inspect estimate simulate extract compare send merge which-key keys log'
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} first=2

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _otaimg_words "$cur" "$commands --help --version"
        return
    fi
    if [[ $command == keys ]]; then
        if ((COMP_CWORD == 2)); then
            _otaimg_words "$cur" 'list show generate export'
            return
        fi
        command="keys ${COMP_WORDS[2]}"
        first=3
    fi
    if [[ $command == log ]]; then
        if ((COMP_CWORD == 2)); then
            _otaimg_words "$cur" verify
            return
        fi
        command="log ${COMP_WORDS[2]}"
        first=3
    fi
    # file:PATH, exec:PATH: the path is a word of its own, and so is the colon before it.
    if [[ $cur == : && $previous == @(file|exec) ]]; then
        _otaimg_files ''
        return
    fi
    if [[ $previous == : && ${COMP_WORDS[COMP_CWORD - 2]} == @(file|exec) ]]; then
        _otaimg_files "$cur"
        return
    fi
    if [[ $previous == : ]]; then
        return
    fi
    if [[ $cur == = ]]; then
        cur=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > first)) && _otaimg_value "$previous" "$cur"; then
        return
    fi
    if [[ $cur == -* ]]; then
        _otaimg_words "$cur" "$(_otaimg_options "$command")"
        return
    fi
    case $command in
    'keys list') _otaimg_words "$cur" pkcs11: ;;
    keys*) _otaimg_key "$cur" ;;
    init) ;;
    *) _otaimg_files "$cur" ;;
    esac
}

complete -F _otaimg otaimg
