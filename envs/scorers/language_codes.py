"""Languages by code: which exist, and how they are written, as far as scorers must know."""

from __future__ import annotations

from typing import Any

from ...registry.errors import InvalidArgumentError, did_you_mean

# ISO 639-1, and what else CLDR has.
CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu
    hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb
    lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om
    or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw
    ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    agq ann apc arn asa ast bal bas bem bew bez bgc bgn bho blo blt brx bss byn cad cch ccp ceb
    cgg cho chr cic ckb cop csw dav dje doi dsb dua dyo ebu ewo fil frr fur gaa gez gsw guz haw
    hnj hsb jbo jgo jmc kaa kab kaj kam kcg kde kea ken kgp khq kkj kln kok kpe ksb ksf ksh kxv
    lag lij lkt lld lmo lrc ltg luo luy mai mas mdf mer mfe mgh mgo mhn mic mni moh mua mus myv
    mzn naq nds nmg nnh nqo nso nus nyn osa pap pcm pis prg quc raj rhg rif rof rwk sah saq sat
    sbp scn sdh seh ses shi shn sid skr sma smj smn sms ssy syr szl teo tig tok tpi trv trw twq
    tyv tzm vai vec vmw vun wae wal wbp xnr xog yav yrl yue zgh
    """.split()  # noqa: SIM905, as a list it would fill pages.
)
CHINESE = frozenset(("yue", "zh"))
# Written without spaces between words.
UNSPACED = CHINESE | {"bo", "dz", "ja", "km", "lo", "my", "th"}


def check_language(language: Any) -> str:
    """Return the code of a language without region and script: "zh" for "zh-Hant-TW".

    Raises:
        InvalidArgumentError: If neither ISO 639-1 nor CLDR has such a code.
    """
    code = str(language).replace("_", "-").partition("-")[0].lower()
    if code not in CODES:
        # Codes of three letters mostly go on where those of two end.
        likely = {code[:2]} & CODES if len(code) == 3 else CODES
        nearest = did_you_mean(code, likely or CODES)
        hint = (
            nearest if nearest.startswith("did") else "name it by its code, such as 'en' or 'zh'."
        )
        raise InvalidArgumentError(f"the language {language!r} is unknown: {hint}")
    return code
