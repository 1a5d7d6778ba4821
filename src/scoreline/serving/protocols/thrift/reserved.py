"""Words that cannot name a field in one of the languages that Thrift makes code for."""

_WORDS = """
    abstract alias and args as assert async await begin binary bool break byte case catch chan class clone const
    continue declare def default defer del delete do double dynamic elif else elseif elsif end ensure enum equals
    except exception exec extends false finally float for foreach from func function global go goto hash i16 i32 i64
    i8 if implements import in include inline instanceof interface is isset lambda list map module namespace native
    new next nil none not oneway optional or package pass print private protected public raise range read redo
    required rescue retry return row select self service set sizeof static string struct super switch synchronized
    then this thrift_spec throw throws transient true try type typedef undef union unless unsigned until use val
    validate var virtual void volatile when while with write xor yield
"""
RESERVED = frozenset(_WORDS.split())
