"""Verdict codes: the stable names under which the law refuses, grouped by rule.

Within a record the guards of its rule are asked in the order of contracts/LAW.md and the first that fails
gives the code; of a document's records the first refused one decides. Codes are on the ledger: never rename
one.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why a document was refused. What each means and what to do: `contracts/rules/explanations.py`."""

    # Every record: the signer, its claim, its list.
    LICENCE_NOT_ACTIVE = "licence_not_active"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    CLAIMED_TIME_INVALID = "claimed_time_invalid"
    ATTACHMENT_INVALID = "attachment_invalid"
    PREMISES_UNKNOWN = "premises_unknown"
    PREMISES_NOT_OWN = "premises_not_own"
    NOTHING_LISTED = "nothing_listed"
    LISTED_TWICE = "listed_twice"
    LISTED_WITH_CONTAINER = "listed_with_container"

    # Every item: its facets.
    ITEM_UNKNOWN = "item_unknown"
    ALREADY_SUPPLIED = "already_supplied"
    ALREADY_DESTROYED = "already_destroyed"
    ALREADY_STOLEN = "already_stolen"
    ALREADY_EXPORTED = "already_exported"
    ALREADY_SAMPLE = "already_sample"
    ALREADY_FREE_SAMPLE = "already_free_sample"
    ALREADY_CHECKED_OUT = "already_checked_out"
    ALREADY_LOST = "already_lost"
    ALREADY_OUTSIDE = "already_outside"
    PARTLY_DISPENSED = "partly_dispensed"
    ALREADY_CONSUMED = "already_consumed"
    ALREADY_BURNED = "already_burned"
    NOT_HOLDER = "not_holder"
    IN_TRANSIT = "in_transit"
    PARENT_NOT_ACTIVE = "parent_not_active"
    CONTAINER_EMPTY = "container_empty"
    ON_HOLD = "on_hold"
    CONTENTS_NOT_CLEAN = "contents_not_clean"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    # Rule 1: commission.
    PRODUCT_UNKNOWN = "product_unknown"
    PRODUCT_NOT_SERIALISED = "product_not_serialised"
    NO_COMMISSION_AUTHORITY = "no_commission_authority"
    LOT_INVALID = "lot_invalid"
    LINE_INVALID = "line_invalid"
    MADE_AT_INVALID = "made_at_invalid"
    EXPIRY_INVALID = "expiry_invalid"
    SERIAL_INVALID = "serial_invalid"
    LOT_EXPIRY_MISMATCH = "lot_expiry_mismatch"
    LOT_ON_HOLD = "lot_on_hold"
    LOT_TOO_MIXED = "lot_too_mixed"
    ALREADY_COMMISSIONED = "already_commissioned"
    SSCC_INVALID = "sscc_invalid"
    PREFIX_NOT_OWN = "prefix_not_own"
    SSCC_RESTING = "sscc_resting"

    # Rules 2a and 2b: pack, unpack.
    ALREADY_INSIDE = "already_inside"
    DIFFERENT_OWNER = "different_owner"
    PACKING_CYCLE = "packing_cycle"
    PACKING_TOO_DEEP = "packing_too_deep"
    CONTAINER_TOO_MIXED = "container_too_mixed"
    NOT_INSIDE = "not_inside"

    # Rule 3: ship.
    REFERENCE_INVALID = "reference_invalid"
    OWNERSHIP_INVALID = "ownership_invalid"
    RECEIVER_UNKNOWN = "receiver_unknown"
    RECEIVER_IS_SENDER = "receiver_is_sender"
    RECEIVER_NOT_SENDER = "receiver_not_sender"
    RECEIVER_LICENCE = "receiver_licence"
    RECEIVER_ROLE = "receiver_role"
    DESTINATION_UNKNOWN = "destination_unknown"
    DESTINATION_NOT_RECEIVERS = "destination_not_receivers"
    DESTINATION_MISSING = "destination_missing"
    CARRIER_UNKNOWN = "carrier_unknown"
    CARRIER_NOT_FIT = "carrier_not_fit"
    DEADLINE_TOO_SHORT = "deadline_too_short"
    DEADLINE_TOO_LONG = "deadline_too_long"
    ALREADY_ANNOUNCED = "already_announced"
    NOT_OWNER = "not_owner"

    # Rules 4 and 5: receive, refuse, void.
    SHIPMENT_UNKNOWN = "shipment_unknown"
    NOT_RECEIVER = "not_receiver"
    NOT_SENDER = "not_sender"
    SHIPMENT_CLOSED = "shipment_closed"
    CARRIER_TAKES_WHOLE = "carrier_takes_whole"
    CUSTODY_ALREADY_TAKEN = "custody_already_taken"
    LISTED_WITH_ALL = "listed_with_all"
    NOT_IN_SHIPMENT = "not_in_shipment"
    NOTHING_RECEIVED = "nothing_received"

    # Rule 6: overage claims.
    NOTHING_CAME_WITH = "nothing_came_with"
    OVERAGE_TOO_LATE = "overage_too_late"
    TOO_MANY_OVERAGES = "too_many_overages"
    OVERAGE_ENDED = "overage_ended"
    OVERAGE_ANNOUNCED = "overage_announced"
    OVERAGE_IN_HAND = "overage_in_hand"
    OVERAGE_ELSEWHERE = "overage_elsewhere"
    OVERAGE_CLAIMED_BEFORE = "overage_claimed_before"
    NO_OVERAGE = "no_overage"
    NOT_CLAIMANT = "not_claimant"
    CLAIM_STILL_STANDS = "claim_still_stands"

    # Rule 7: overdue.
    NOT_OVERDUE = "not_overdue"
    ALREADY_OVERDUE = "already_overdue"
    # Rule 8: transfer of ownership, and all that takes two parties.
    UNTIL_HEIGHT_PAST = "until_height_past"
    ALREADY_PROPOSED = "already_proposed"
    PROPOSAL_UNKNOWN = "proposal_unknown"
    NOT_ASKED = "not_asked"
    PROPOSAL_CLOSED = "proposal_closed"
    PROPOSAL_EXPIRED = "proposal_expired"
    TERMS_DIFFER = "terms_differ"
    NOT_OUTERMOST = "not_outermost"
    OWNERSHIP_UNDER_WAY = "ownership_under_way"

    # Rule 9: return.
    SALE_NOT_EXPECTED = "sale_not_expected"
    SALE_UNKNOWN = "sale_unknown"
    RETURN_RECEIVER = "return_receiver"
    SALE_MISSING = "sale_missing"
    NOT_OF_THAT_SALE = "not_of_that_sale"
    FOR_DISPOSAL_ONLY = "for_disposal_only"
    GOES_BACK = "goes_back"

    # Rule 10: resale of what came back.
    VERIFY_EACH_PACK = "verify_each_pack"

    # Rule 11a: dispense.
    DISPENSING_NOT_ALLOWED = "dispensing_not_allowed"
    NOT_A_PRODUCT = "not_a_product"
    UNITS_INVALID = "units_invalid"
    NOT_DIVISIBLE = "not_divisible"
    OPENED_ELSEWHERE = "opened_elsewhere"
    NOT_ENOUGH_LEFT = "not_enough_left"

    # Rule 12: decommission.
    NOT_HOLDER_OR_OWNER = "not_holder_or_owner"
    NOT_LOST = "not_lost"
    LOST_BY_ANOTHER = "lost_by_another"

    # Rule 13: reinstate.
    NOT_DECLARED = "not_declared"
    ENDING_NOT_UNDONE_HERE = "ending_not_undone_here"
    OTHER_ENDING = "other_ending"
    PACK_OPENED = "pack_opened"
    ENDED_BY_ANOTHER = "ended_by_another"
    ENDED_ELSEWHERE = "ended_elsewhere"
    ENDED_TOO_LONG_AGO = "ended_too_long_ago"

    # Rule 14: lock and unlock, quarantine and release.
    ALREADY_HELD = "already_held"
    NOT_ON_HOLD = "not_on_hold"
    NEEDS_VERIFICATION = "needs_verification"
    REGULATORS_HOLD = "regulators_hold"
    NOT_SETTER = "not_setter"

    # Rule 15: suspect, illegitimate, cleared.
    NOT_SUSPECT = "not_suspect"
    NOT_MAKER_OR_REGULATOR = "not_maker_or_regulator"
    INVESTIGATION_INVALID = "investigation_invalid"
    REGULATOR_NEEDED = "regulator_needed"
    # Rule 16: repack, transform.
    INPUT_IS_CONTAINER = "input_is_container"
    INPUT_NOT_VERIFIED = "input_not_verified"
    EXPIRY_TOO_LATE = "expiry_too_late"
    QUANTITIES_DIFFER = "quantities_differ"

    # Rule 17: recall.
    RECALL_INVALID = "recall_invalid"
    ORIGIN_INVALID = "origin_invalid"
    RESPONSE_DEADLINE_INVALID = "response_deadline_invalid"
    ALREADY_OPENED = "already_opened"
    RECALL_UNKNOWN = "recall_unknown"
    RECALL_CLOSED = "recall_closed"
    NOT_RECALL_PARTY = "not_recall_party"
    SCOPE_INVALID = "scope_invalid"
    SCOPE_TOO_WIDE = "scope_too_wide"
    SCOPE_EMPTY = "scope_empty"
    NOT_MARKETING_HOLDER = "not_marketing_holder"
    REGULATOR_AMENDS_CLASS = "regulator_amends_class"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    QUANTITY_INVALID = "quantity_invalid"
    REGULATOR_CLOSES = "regulator_closes"
    REGULATOR_RELEASES = "regulator_releases"
    NOT_RECALLED = "not_recalled"
    TOO_MANY_MARKS = "too_many_marks"

    # Rule 18: cold chain.
    COLD_CHAIN_HOLD = "cold_chain_hold"
    READINGS_MISSING = "readings_missing"
    STORAGE_PROFILE_INVALID = "storage_profile_invalid"
    LOGGER_INVALID = "logger_invalid"
    LOGGER_IN_USE = "logger_in_use"
    LOGGER_TIME_INVALID = "logger_time_invalid"
    LOGGER_UNKNOWN = "logger_unknown"
    LOGGER_NOT_ON = "logger_not_on"
    NOT_WITH_LOGGER = "not_with_logger"
    READINGS_INVALID = "readings_invalid"
    READINGS_OUT_OF_ORDER = "readings_out_of_order"
    SESSION_UNKNOWN = "session_unknown"
    NOT_IN_SESSION = "not_in_session"
    NOTHING_TO_CLEAR = "nothing_to_clear"

    # Rule 19: correction.
    NOT_COMMISSIONED = "not_commissioned"
    CONTAINER_NOT_EMPTY = "container_not_empty"
    CONTAINER_OPENED = "container_opened"
    NOT_ORIGINAL_SIGNER = "not_original_signer"
    RELIED_ON = "relied_on"
    CONSENT_NEEDED = "consent_needed"
    CORRECTED_ALONE = "corrected_alone"
    NOT_ENDED = "not_ended"
    ENDING_STAYS = "ending_stays"
    DIFFERENT_MAKERS = "different_makers"

    # Rule 19b: lot amendment.
    LOT_UNKNOWN = "lot_unknown"
    EXPIRY_UNCHANGED = "expiry_unchanged"
    AMENDED_TOO_OFTEN = "amended_too_often"
    REGULATOR_CONSENTS = "regulator_consents"
    NOT_LENGTHENED = "not_lengthened"
    # Rule 20: exempt movements.
    EXEMPTION_NOT_NEEDED = "exemption_not_needed"
    EXEMPTION_NOT_ALLOWED = "exemption_not_allowed"
    EXEMPTION_NOT_FIT = "exemption_not_fit"

    # Rule 22: governance.
    NOT_A_VALIDATOR = "not_a_validator"
    REASON_INVALID = "reason_invalid"
    CHANGES_INVALID = "changes_invalid"
    ACTS_TOO_SOON = "acts_too_soon"
    VOTING_END_INVALID = "voting_end_invalid"
    ROLES_INVALID = "roles_invalid"
    LICENCE_INVALID = "licence_invalid"
    KEY_INVALID = "key_invalid"
    PREFIX_INVALID = "prefix_invalid"
    PRODUCT_KNOWN = "product_known"
    HOLD_NOT_LIFTABLE = "hold_not_liftable"
    PROFILE_INVALID = "profile_invalid"
    MARKET_INVALID = "market_invalid"
    PARAMETER_UNKNOWN = "parameter_unknown"
    NODE_INVALID = "node_invalid"
    SCHEDULE_FULL = "schedule_full"
    PARTNER_KNOWN = "partner_known"
    KEY_KNOWN = "key_known"
    KEY_UNKNOWN = "key_unknown"
    PREFIX_UNKNOWN = "prefix_unknown"
    PREFIX_OVERLAPS = "prefix_overlaps"
    PROFILE_UNKNOWN = "profile_unknown"
    RULES_NOT_NEWER = "rules_not_newer"
    CERTIFICATE_KNOWN = "certificate_known"
    NODE_UNKNOWN = "node_unknown"
    PARAMETERS_INVALID = "parameters_invalid"
    VALIDATORS_INVALID = "validators_invalid"
    CHANGES_CONFLICT = "changes_conflict"
    ALREADY_VOTED = "already_voted"
    NOT_PROPOSER = "not_proposer"

    # Rule 23: verify, report.
    READING_INVALID = "reading_invalid"
    LOT_MISMATCH = "lot_mismatch"
    EXPIRY_MISMATCH = "expiry_mismatch"
    VERIFIED_TOO_SOON = "verified_too_soon"
    ITEM_INVALID = "item_invalid"
    ITEM_KNOWN = "item_known"

    # Rule 21: trade lanes.
    LANE_UNKNOWN = "lane_unknown"
    LANE_INVALID = "lane_invalid"
    LANE_BLOCKS_NOTHING = "lane_blocks_nothing"
    OUTSIDE_TRADE_LANE = "outside_trade_lane"

    # Rule 24: products, delegations, premises.
    GTIN_INVALID = "gtin_invalid"
    NOT_PRODUCT_HOLDER = "not_product_holder"
    TEXT_INVALID = "text_invalid"
    MARKET_UNKNOWN = "market_unknown"
    CONTENTS_INVALID = "contents_invalid"
    CONTENTS_FIXED = "contents_fixed"
    PARTNER_UNKNOWN = "partner_unknown"
    PARTNER_IS_SIGNER = "partner_is_signer"
    NOT_OFFERED = "not_offered"
    ALREADY_DELEGATED = "already_delegated"
    NOT_DELEGATED = "not_delegated"
    GLN_INVALID = "gln_invalid"
    GLN_TAKEN = "gln_taken"
    GLN_AWAITED = "gln_awaited"
    MARKET_FIXED = "market_fixed"

    # Rule 25: onboard.
    ONBOARDING_CLOSED = "onboarding_closed"
    COMMISSION_INSTEAD = "commission_instead"
    SERIAL_KNOWN = "serial_known"
    TOO_MANY_CLAIMS = "too_many_claims"
    NOT_CLAIMED = "not_claimed"
    ALREADY_ANSWERED = "already_answered"

    # Rule 26: to and from outside.
    OUTSIDE_GLN_INVALID = "outside_gln_invalid"
    NOT_OUTSIDE_PARTY = "not_outside_party"
    EVIDENCE_INVALID = "evidence_invalid"
    NOT_OUTSIDE = "not_outside"

    # Rule 27: mandates.
    MANDATE_INVALID = "mandate_invalid"
    NO_MANDATE = "no_mandate"
    MANDATE_NOT_FIRST = "mandate_not_first"
    MANDATE_NOT_FOR_RECORD = "mandate_not_for_record"
    MANDATE_NOT_FOR_PREMISES = "mandate_not_for_premises"

    # Rule 28: observe, move.
    PREMISES_MISSING = "premises_missing"

    # Rule 29: lot genealogy.
    MATERIAL_INVALID = "material_invalid"
    RESULT_INVALID = "result_invalid"
    GENEALOGY_CYCLE = "genealogy_cycle"
    GENEALOGY_TOO_DEEP = "genealogy_too_deep"
    GENEALOGY_TOO_WIDE = "genealogy_too_wide"

    # Rule 30: packs without serials.
    PRODUCT_SERIALISED = "product_serialised"
    LINES_INVALID = "lines_invalid"
    QUANTITY_TOO_LARGE = "quantity_too_large"
    PURPOSE_NOT_COUNTED = "purpose_not_counted"
    NOT_ENOUGH = "not_enough"
