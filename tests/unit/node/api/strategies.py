"""What records say at random: sense and nonsense, for those who read and write them."""

from hypothesis import strategies as st

from contracts.gs1.keys import CHARACTER_SET_82, check_digit, pack_gln, pack_gtin, sgtin, sscc
from contracts.records.catalogue import ProductFacts
from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
    AssignPremises,
    AssignProduct,
    EndKey,
    LiftHolds,
    PutNode,
    RegisterProduct,
    RemoveNode,
    SetLicence,
    SetMarket,
    SetParameter,
    SetProfile,
    SetRoles,
    SetRules,
)
from contracts.state.rows import HoldKind, Licence, ProfileRow
from tests.support.parties import CASE_GTIN, PACK_GTIN, sscc_text

texts = st.text(CHARACTER_SET_82.decode(), min_size=1, max_size=20)
packs = texts.map(lambda serial: sgtin(PACK_GTIN, serial))
cases = texts.map(lambda serial: sgtin(CASE_GTIN, serial))
units = st.integers(0, 10**9 - 1).map(lambda number: sscc(sscc_text(number)))
items = packs | cases | units
lists = st.lists(items, max_size=4).map(tuple)
glns = st.integers(1, 10**12 - 1).map(lambda body: pack_gln(f"{body:012d}{check_digit(f'{body:012d}')}"))
gtins = st.sampled_from([pack_gtin(PACK_GTIN), pack_gtin(CASE_GTIN)])
words = st.text(max_size=30)
counts = st.integers(0, 2**53 - 1)
word_lists = st.lists(words, max_size=3).map(tuple)
facts = st.builds(
    ProductFacts,
    *(words, words, words, word_lists, st.integers(1, 3), counts, gtins | st.just(b""), counts),
    *(word_lists, words, st.integers(0, 1), words),
)
roles = st.integers(1, 1023)
keys_of_32 = st.binary(min_size=32, max_size=32)
whole_numbers = st.integers(-(2**53) + 1, 2**53 - 1)
limits = st.tuples(
    *(roles if name.endswith("_roles") else whole_numbers for name in ProfileRow.__struct_fields__)
)
governed = st.one_of(
    st.builds(AdmitPartner, glns, words, roles, words),
    st.builds(SetRoles, glns, roles),
    st.builds(SetLicence, glns, st.sampled_from(Licence).map(int)),
    st.builds(AddKey, glns, keys_of_32, counts),
    st.builds(EndKey, keys_of_32),
    st.builds(AssignPrefix, words, glns | st.just(b"")),
    st.builds(AssignPremises, glns, glns),
    st.builds(RegisterProduct, gtins, glns, facts),
    st.builds(AssignProduct, gtins, glns),
    st.builds(LiftHolds, glns, st.sampled_from(HoldKind).map(int), lists),
    st.builds(SetProfile, words, limits),
    st.builds(SetMarket, words, words, whole_numbers),
    st.builds(SetParameter, words, whole_numbers),
    st.builds(SetRules, whole_numbers),
    st.builds(
        PutNode,
        *(words, words, st.binary(max_size=400), glns | st.just(b""), keys_of_32 | st.just(b"")),
        whole_numbers,
    ),
    st.builds(RemoveNode, words),
)
anything = st.binary(max_size=30)
numbers = st.integers(-(2**63), 2**63 - 1)
byte_lists = st.lists(anything, max_size=3).map(tuple)
nonsense_changes = st.one_of(
    st.builds(SetLicence, anything, numbers),
    st.builds(AdmitPartner, anything, words, numbers, words),
    st.builds(SetProfile, words, st.lists(numbers, max_size=20).map(tuple)),
    st.builds(LiftHolds, anything, numbers, byte_lists),
    st.builds(PutNode, words, words, anything, anything, anything, numbers),
)
