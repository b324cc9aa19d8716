"""Events that clients fire themselves, and the form in which events go out."""

from __future__ import annotations

from xml.etree import ElementTree

from esl.codec import OtherMessage
from tests.unit.simulator.driver import Driver

LEG = "11111111-0000-4000-8000-000000000001"


def test_a_subclass_reaches_those_who_asked_for_it_and_no_others() -> None:
    driver = Driver(events="CUSTOM my::event")
    for subclass in ("my::event", "other::event"):
        driver.write(f"sendevent CUSTOM\nEvent-Subclass: {subclass}\nX: 1\n\n")
    driver.write("sendevent NOSUCH\nX: 2\n\n")
    assert [(e.get("Event-Subclass"), e.get("X")) for e in driver.events()] == [
        ("my::event", "1"),
        (None, "2"),
    ]


def test_subscribers_of_made_up_subclasses_are_not_remembered_for_ever() -> None:
    driver = Driver(events="CUSTOM my::event")
    for number in range(3000):
        driver.write(f"sendevent CUSTOM\nEvent-Subclass: made::{number}\n\n")
    driver.write("sendevent CUSTOM\nEvent-Subclass: my::event\n\n")
    assert len(driver.events()) == 1
    assert len(driver.switch._core.subscribers) <= 1000


def test_a_body_and_bytes_that_are_no_text_go_through() -> None:
    driver = Driver(events="CUSTOM")
    driver.write("sendevent CUSTOM\nA: caf\udce9 %0A {x}\nContent-Length: 5\n\nhel\nl")
    event = driver.events()[0]
    assert event.body == "hel\nl"
    assert (
        event.get("A") == "caf\udce9 \n {x}"
    )  # a %0A that was typed is decoded by every client of plain events


def test_an_event_for_a_living_leg_goes_into_its_own_queue() -> None:
    driver = Driver(events="CUSTOM")
    driver.originate(LEG, "ans0/1")
    driver.run(0.2)
    assert driver.reply(f"sendevent CUSTOM\nUnique-ID: {LEG}").startswith("+OK ")
    assert driver.reply("sendevent CUSTOM\nUnique-ID: nobody").startswith("+OK ")
    assert [e.get("Unique-ID") for e in driver.events()] == ["nobody"]


def test_xml_is_well_formed_whatever_is_in_it() -> None:
    driver = Driver(events="")
    driver.write("event xml CHANNEL_PARK BACKGROUND_JOB\n\n")
    hostile = '<b> & "x" ]]> %0A it\'s'
    driver.originate(LEG, "ans0/1")
    driver.api(f"uuid_setvar {LEG} note {hostile}")
    driver.write(f"bgapi echo {hostile}\nJob-UUID: j\n\n")
    driver.run(0.2)
    trees = [ElementTree.fromstring(m.body) for m in driver.messages if isinstance(m, OtherMessage)]
    echoed = [tree.findtext("body") for tree in trees if tree.findtext("headers/Job-Command") == "echo"]
    assert echoed == [hostile]
    noted = [tree.findtext("headers/variable_note") for tree in trees]
    assert "%3Cb%3E%20%26%20%22x%22%20%5D%5D%3E%20%0A%20it's" in noted
