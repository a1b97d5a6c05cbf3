use proptest::prelude::*;

use super::*;

#[track_caller]
fn assert_own(mail: &str, own: &str) {
    assert_eq!(without_history(mail), own, "{mail}");
}

#[test]
fn what_is_quoted_goes_with_its_attribution() {
    for attribution in [
        "On Mon, 2 Mar 2026 at 12:00, Support <hark@example.com> wrote:",
        "On Mon, 2 Mar 2026 at 12:00, Support (Example)\n<reply+token@support.example.com> wrote:",
        "Am 02.03.2026 um 12:00 schrieb Support:",
        "Am Mo., 2. März 2026 um 12:00 Uhr schrieb Support <hark@example.com>:",
        "Le lun. 2 mars 2026 à 12:00, Support <hark@example.com> a écrit :",
        "El lun, 2 mar 2026 a las 12:00, Support (<hark@example.com>) escribió:",
        "Il giorno lun 2 mar 2026 alle ore 12:00 Support ha scritto:",
        "Op ma 2 mrt 2026 om 12:00 schreef Support <hark@example.com>:",
        "Em seg., 2 de mar. de 2026 às 12:00, Support escreveu:",
        "Den mån 2 mars 2026 kl 12:00 skrev Support:",
        "W dniu 2.03.2026 o 12:00 Support napisał(a):",
    ] {
        assert_own(
            &format!("It works now.\n\nThanks!\n\n{attribution}\n\n> Try again\n>> please\n>\n"),
            "It works now.\n\nThanks!",
        );
        // The client left the marks out.
        assert_own(
            &format!("It works now.\n\n{attribution}\nTry again\nplease"),
            "It works now.",
        );
    }
}

#[test]
fn answers_beneath_and_between_stay() {
    let mail = "On Mon, 2 Mar 2026 Support wrote:\n> Does it work?\n\nYes.\n\n> And this?\nNo.\n";
    assert_own(mail, "Yes.\n\nNo.");
}

#[test]
fn what_clients_put_under_an_answer_goes() {
    for under in [
        "-----Original Message-----\nFrom: Support\n",
        "-----Ursprüngliche Nachricht-----\nVon: Support\n",
        "---------- Forwarded message ---------\n",
        "________________________________\nFrom: Support <hark@example.com>\nSent: Monday\nTo: Ada\nSubject: Re: x\n",
        "________________________________\n\n*Von:* Support\n*Gesendet:* Montag\n*An:* Ada\n*Betreff:* x\n",
        "From: Support\nDate: Monday\nTo: Ada\n\nBefore",
        "De : Support\nEnvoyé : lundi\nÀ : Ada\nObjet : x\n",
        "-- \nAda\nExample Ltd",
        "--\nAda",
    ] {
        assert_own(&format!("The answer\n\n{under}"), "The answer");
    }
}

#[test]
fn what_only_looks_like_history_stays() {
    for text in [
        "On the page it says\nnothing at all:\n- one\n- two",
        "On Monday they told me and then they wrote:",
        "From: the left\nit goes right",
        "a -- b\n--- \n-----\n___",
        "Am I right?\nI read 2 pages:\nfine",
    ] {
        assert_own(text, text.replace("--- \n", "---\n").as_str());
    }
}

#[test]
fn when_nothing_else_is_there_all_of_it_stays() {
    assert_own("> only\n> quoted\n", "> only\n> quoted");
    assert_own("-- \nAda", "-- \nAda");
    assert_own(" \n\n", "");
}

#[test]
fn empty_lines_are_one() {
    assert_own("\n\na  \n\n\n\nb\n\n", "a\n\nb");
}

/// Nothing is looked at again and again.
#[test]
fn the_largest_mails_take_no_longer_than_they_are_large() {
    for line in [
        "\n",
        "> x\n",
        "On 1 x\n",
        "On 1 Ada wrote:\n> x\n\n",
        "________________________________\n\n",
        "From: a\nTo: b\n\n",
    ] {
        let mail = line.repeat((512 << 10) / line.len());
        let begun = std::time::Instant::now();
        let _ = without_history(&format!("The answer\n{mail}"));
        // Seconds where it is quadratic: hours.
        assert!(begun.elapsed().as_secs() < 30, "{line:?}");
    }
}

/// Lines as mails have them.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "\\PC{0,30}",
        Just("> quoted".to_owned()),
        Just("On 2 Mar 2026 Ada wrote:".to_owned()),
        Just("On 2 Mar 2026 Ada <ada@example.com>".to_owned()),
        Just("wrote:".to_owned()),
        Just("-----Original Message-----".to_owned()),
        Just("________________________________".to_owned()),
        Just("From: a".to_owned()),
        Just("To: b".to_owned()),
        Just("Subject: c".to_owned()),
        Just("-- ".to_owned()),
        Just(String::new()),
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn never_more_than_was_given(mail in lines()) {
        let own = without_history(&mail);
        prop_assert!(own.len() <= mail.len());
        // In the order in which it was given.
        let mut given = mail.lines().map(str::trim);
        for line in own.lines().map(str::trim) {
            prop_assert!(given.any(|other| other == line), "{line:?} is new");
        }
    }

    #[test]
    fn something_stays_of_something(mail in lines()) {
        prop_assert_eq!(without_history(&mail).is_empty(), mail.trim().is_empty());
    }

    #[test]
    fn any_text_can_be_given(text in any::<String>()) {
        prop_assert!(without_history(&text).len() <= text.len());
    }
}
