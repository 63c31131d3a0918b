"""Sentences written for this project, with slots for personal data, and none."""

from __future__ import annotations

WITH_SLOTS = [
    "Please draft a reply to {PERSON}, who complained about the delivery.", "my manager {PERSON} asked me to finish this by monday",
    "{PERSON} works at {ORGANIZATION} in {GPE}.", "I moved from {GPE} to {GPE} last year, can I keep my bank account?",
    "Summarise the contract between {ORGANIZATION} and {PERSON}", "Ship it to {STREET_ADDRESS}", "Contact: {PERSON}, {PHONE_NUMBER}",
    "what is the weather like in {GPE} tomorrow?", "Write a Python function that greets {PERSON}",
    "the patient, {PERSON}, aged {AGE}, was seen on {DATE_TIME}", "Invoice for {ORGANIZATION}, {STREET_ADDRESS}, due {DATE_TIME}",
    "Hi, I am {PERSON} and I live in {GPE}. Plan a weekend trip for me.", "Compare {ORGANIZATION} with {ORGANIZATION} for a small investor",
    "{PERSON} and {PERSON} are getting married in {GPE}", "Letter to {PERSON}\n{STREET_ADDRESS}", "As a {TITLE}, how do I ask for a raise?",
    "forward this mail to {PERSON} from {ORGANIZATION} please", "Is {GPE} safe for tourists?", "Who founded {ORGANIZATION}?",
    "Call {PERSON} on {PHONE_NUMBER} before noon", "She is {AGE} years old and was born in {GPE}",
    "The {NRP} minister met the president of {GPE} on {DATE_TIME}.", "a {NRP} writer who lived in {GPE}", "Many {NRP} voters disagreed with {PERSON}.",
    "Is {NRP} food spicy?", "The {NRP} parliament passed the law in {DATE_TIME}", "My neighbours are {NRP} and very kind",
    "{ORGANIZATION} hired {PERSON} as {TITLE}.", "Before she joined {ORGANIZATION}, {PERSON} spent two years in {GPE}",
    "I bought shares of {ORGANIZATION} in {DATE_TIME}", "{ORGANIZATION} announced a merger with {ORGANIZATION}", "the ceo of {ORGANIZATION} resigned",
    "My flight with {ORGANIZATION} to {GPE} was cancelled", "Does {ORGANIZATION} have an office in {GPE}?", "{PERSON}, {TITLE} at {ORGANIZATION}, agreed",
    "I studied at {ORGANIZATION} until {DATE_TIME}", "We use software made by {ORGANIZATION} for payroll", "our supplier {ORGANIZATION} is late again",
    "The album by {PERSON} was recorded in {GPE} in {DATE_TIME}", "A film by {PERSON}, with {PERSON} in the main role", "Tickets for the show of {PERSON}",
    "{PERSON} sings better than {PERSON}", "the works of {PERSON} are read in every {NRP} school", "{PERSON}'s bicycle was stolen",
    "Dear {TITLE} {PERSON}, thank you for your letter of {DATE_TIME}.", "{TITLE} {PERSON} will see you now", "my boss is called {PERSON}",
    "Send the receipt to {EMAIL_ADDRESS} and a copy to {EMAIL_ADDRESS}", "my mail is {EMAIL_ADDRESS}, phone {PHONE_NUMBER}", "visit {DOMAIN_NAME} for details",
    "Is {DOMAIN_NAME} a safe site?", "charge my card {CREDIT_CARD}, it expires next year", "I paid with {CREDIT_CARD} at {ORGANIZATION}",
    "transfer the rent to {IBAN_CODE} please", "IBAN: {IBAN_CODE}, holder: {PERSON}", "my postcode is {ZIP_CODE}", "The parcel goes to {GPE}, {ZIP_CODE}",
    "I live at {STREET_ADDRESS}, how far is the airport?", "new address: {STREET_ADDRESS}. Please update my file.", "Meet me at {STREET_ADDRESS} at six",
    "{PERSON}\n{TITLE}\n{ORGANIZATION}\n{STREET_ADDRESS}\n{PHONE_NUMBER}", "From: {EMAIL_ADDRESS}\nTo: {EMAIL_ADDRESS}\nSubject: lunch",
    "Agent: May I have your name? Caller: {PERSON}", "Agent: And your date of birth? Caller: {DATE_TIME}", "The meeting of {DATE_TIME} is moved to {DATE_TIME}",
    "A woman of {AGE} with diabetes asks about travel to {GPE}", "My son is {AGE} and my daughter {AGE}", "he turned {AGE} on {DATE_TIME}",
    "As {AGE}-year-old {TITLE} from {GPE}, what should I learn?", "{PERSON} ({AGE}) lives in {GPE}", "the mayor of {GPE}, {PERSON}, opened the bridge",
    "Trains between {GPE} and {GPE} are late", "{GPE} is the capital of {GPE}", "The rivers of {GPE} rose after the storm", "Cheap hotels near {GPE}?",
    "I have been working for {ORGANIZATION} since {DATE_TIME}", "Ask {PERSON} whether {ORGANIZATION} paid", "{PERSON} sent {PERSON} a card from {GPE}",
]

WITHOUT = [
    "Explain recursion with an example", "def total(items): return sum(item.price for item in items)", "Book a table for four at eight",
    "Why does the compiler say that the type is not assignable?", "What is the difference between a list and a tuple?", "How long do I boil an egg?",
    "Translate this to French: good morning, how are you?", "Give me three names for a cat", "Which planet is the largest?",
    "Fix the bug in this loop and explain what was wrong", "Write a poem about autumn leaves", "Rewrite this paragraph in a friendlier tone",
    "Calculate the derivative of x squared times sine x", "The patient has a history of headaches and back pain", "Lemons, onions, parsley and butter",
    "He was responsible for horses, goats, sheep and geese", "Section 4, paragraph 12 of the lease", "The band sang about dragons, ghosts and lost cities",
    "Step 1: unplug the device. Step 2: wait 30 seconds.", "It costs 20 dollars a month, or 200 a year", "Chapter 7 begins on page 151",
    "I am very happy with the service", "Error 404 on line 17 of the log", "A list of animals: antelope, camel, hedgehog, otter",
    "Can you raise the limit of my card?", "Is there an annual fee for the gold card?", "Which documents do I need to open an account?",
    "You will work with customers and keep the shelves tidy", "We look for a person with experience in sales and a driving licence",
]
