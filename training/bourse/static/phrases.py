"""Word lists of the sentence grammars; entries end at commas and line ends."""

from __future__ import annotations


def _list(text: str) -> list[str]:
    return [entry.strip() for entry in text.replace("\n", ",").split(",") if entry.strip()]


PEOPLE = _list("""
a man, a woman, a boy, a girl, a child, a young man, a young woman, an old man, an elderly woman, a little girl, a little boy
two men, two women, two boys, two girls, two children, three men, three women, several people, a group of people, a crowd
a group of children, a family, a couple, a person, someone, a lady, a guy, a kid, the man, the woman, the boy, the girl
a baby, a toddler, a teenager, a bride, a chef, a cook, a soldier, a police officer, a fireman, a doctor, a nurse, a teacher
a student, a worker, a farmer, a cowboy, a musician, a singer, a band, a dancer, an artist, a cyclist, a runner, a swimmer
a surfer, a skateboarder, a snowboarder, a skier, a climber, a hiker, a fisherman, a football player, a soccer player
a basketball player, a tennis player, a baseball player, a hockey player, a golfer, a man in a hat, a woman in a red dress
a man in a blue shirt, a boy in a yellow jacket, a girl in a pink dress, a man with a beard, a woman with blond hair
a person in black, a man wearing glasses, a woman wearing sunglasses, a bald man, a shirtless man, a tall man
""")

ANIMALS = _list("""
a dog, a cat, a black dog, a white dog, a brown dog, a small dog, a big dog, two dogs, three dogs, a puppy, a kitten, a horse
a white horse, a bird, a parrot, a monkey, a panda, a bear, a lion, a tiger, an elephant, a cow, a goat, a sheep, a pig, a rabbit
a squirrel, a hamster, a fish, a shark, a whale, a dolphin, a turtle, a snake, a lizard, a frog, a duck, a chicken, a deer, a fox
a wolf, a lemur, an owl, an eagle, a bee, a butterfly, a spider, a baby panda, a herd of sheep, a flock of birds
""")

PEOPLE_ACTIONS = _list("""
playing a guitar, playing the guitar, playing a flute, playing the piano, playing the violin, playing the drums
playing a trumpet, playing chess, playing cards, playing soccer, playing football, playing basketball, playing tennis
playing baseball, playing a video game, playing with a toy, playing with a dog, playing in the snow, playing in the water
cutting a potato, cutting an onion, cutting a tomato, cutting paper, cutting some meat, slicing a carrot, slicing a cucumber
slicing bread, peeling a potato, peeling an apple, chopping an onion, chopping vegetables, dicing garlic, frying an egg
frying fish, cooking pasta, cooking dinner, cooking in a kitchen, boiling water, pouring oil into a pan, pouring water into a bowl
pouring milk into a glass, mixing ingredients in a bowl, stirring a pot, adding salt to a dish, grating cheese, breaking eggs
cracking an egg, eating a banana, eating a sandwich, eating pizza, eating an apple, eating lunch, drinking water, drinking coffee
drinking a beer, riding a bike, riding a bicycle, riding a horse, riding a motorcycle, riding a skateboard, riding a bus
driving a car, driving a truck, driving a tractor, walking a dog, walking on the street, walking along the beach, walking in the rain
running on a road, running on a track, running in a race, running through a field, jumping into a pool, jumping off a wall
jumping over a fence, jumping on a trampoline, climbing a rope, climbing a wall, climbing a mountain, climbing a tree
swimming in a pool, swimming in the ocean, diving into the water, surfing a wave, skiing down a hill, snowboarding, skating
skateboarding down a ramp, dancing, dancing on a stage, dancing in the rain, singing, singing a song, singing and playing a guitar
talking, talking on the phone, talking to a woman, talking to a reporter, speaking to a crowd, giving a speech, laughing, smiling
crying, sleeping, sitting on a bench, sitting on a couch, sitting at a table, sitting in a chair, standing on a street corner
standing in a line, standing near a car, lying on the grass, lying on a bed, reading a book, reading a newspaper, writing a letter
writing on a board, drawing a picture, painting a wall, painting a picture, taking a photo, taking a picture of a building
holding a camera, holding a baby, holding a sign, holding a gun, firing a gun, shooting a rifle, loading a rifle, throwing a ball
catching a ball, kicking a ball, hitting a baseball, hitting a golf ball, lifting weights, doing push-ups, doing yoga, exercising
stretching, boxing, fighting, wrestling, kissing, hugging, dressing, putting on makeup, brushing her hair, combing his hair
brushing his teeth, shaving, washing a car, washing dishes, washing hands, cleaning the floor, sweeping the floor
mowing the lawn, planting a tree, watering the plants, picking flowers, feeding a bird, feeding the ducks, petting a dog
fixing a bike, repairing a car, building a house, hammering a nail, using a computer, typing on a keyboard, using a sewing machine
sewing, knitting, folding paper, opening a box, opening a door, opening a package, closing a window, carrying a bag
carrying a surfboard, pushing a cart, pulling a rope, pulling a sled, waiting for a bus, waiting for a train, crossing the street
shopping at a market, buying fruit, selling vegetables, watching television, watching a movie, watching a game, looking out a window
looking at a map, looking through a telescope, pointing at something, waving a flag, blowing bubbles, blowing out candles
smoking a cigarette, fishing, fishing from a boat, paddling a canoe, rowing a boat, sailing a boat, flying a kite
performing on stage, performing a trick, doing a magic trick, doing a flip, marching in a parade, applauding, praying
""")

ANIMAL_ACTIONS = _list("""
running, running through the grass, running on the beach, running in the snow, running through water, jumping, jumping over a hurdle
jumping in the air, playing, playing with a ball, playing with a toy, playing in the grass, playing in the snow, eating, eating food
eating grass, eating a carrot, eating bamboo, eating from a bowl, drinking milk, drinking water, sleeping, sleeping on a couch
lying on the floor, lying in the sun, sitting on a branch, sitting in a window, sitting on a fence, standing in a field, standing on its hind legs
walking along a path, walking on a rope, climbing a tree, climbing a wall, swimming, swimming in a lake, swimming under water, flying
flying over the sea, barking, barking at a ball, chasing a cat, chasing a ball, catching a frisbee, carrying a stick, chewing on a bone
licking a bottle, rubbing against a baby, looking at the camera, looking out of a window, digging a hole, fighting, grazing, grazing in a field
hiding under a bed, being washed, being petted, riding a skateboard, shaking off water, opening a door, talking, dancing
""")

PLACES = _list("""
in a park, on a beach, in a field, on the street, in the street, on a busy street, in a kitchen, in a restaurant, at a table
in a room, in a living room, in a garden, in the woods, in a forest, on a mountain, near a river, by a lake, in the ocean, in a pool
on a boat, on a bridge, on a train, on a bus, at a train station, at an airport, in a city, in front of a building, in front of a house
behind a fence, under a tree, on a roof, on a stage, in a stadium, on a playground, in a gym, at school, in a classroom, in an office
in a hospital, in a church, in a store, at a market, in a museum, in the desert, in the snow, in the rain, at night, at sunset
during the day, outside, outdoors, indoors, on a sidewalk, on a sunny day, with a smile, with a friend, together, alone, quickly, slowly
""")

THINGS_SCENES = _list("""
a red car parked on the street, a bicycle leaning against a wall, a train traveling down the tracks, a train passing a station
a plane taking off, an airplane flying in the sky, a helicopter landing, a boat on the water, a ship in the harbor
a bus driving down a street, a white truck on a road, an old building with a clock, a large house with a garden
a bathroom with a white sink, a kitchen with wooden cabinets, a living room with a couch, a bedroom with a large bed
a plate of food on a table, a bowl of fruit, a cup of coffee, a pile of books, a vase with flowers, a laptop on a desk
a mountain covered with snow, a bridge over a river, a street at night, a city skyline, a field of flowers, a stop sign
""")

ACTORS = _list("""
the president, the prime minister, the government, the senate, lawmakers, the supreme court, a judge, a federal judge, prosecutors
police, officials, the army, troops, rebels, militants, protesters, the opposition, voters, the United Nations, the European Union
NATO, China, Russia, Iran, Iraq, Israel, Egypt, Syria, India, Pakistan, Afghanistan, North Korea, South Korea, Japan, Britain, France
Germany, Turkey, Ukraine, Greece, Spain, Italy, Mexico, Brazil, Australia, Canada, South Africa, Nigeria, Kenya, the pope
the company, the bank, the central bank, the airline, the oil company, the software maker, Microsoft, Apple, Google, Boeing, Toyota, IBM
investors, analysts, the chief executive, the spokesman, a spokeswoman, scientists, researchers, doctors, health officials, the union
workers, teachers, students, the mayor, the governor, the suspect, the former leader, a gunman, a suicide bomber, the defense minister
""")

NEWS_ACTIONS = _list("""
wins election, loses election, rejects peace talks, agrees to a cease-fire, signs a trade deal, announces new sanctions
calls for talks, warns of more attacks, denies the charges, pleads guilty, faces trial, is sentenced to ten years in prison
is killed in a bomb attack, are killed in clashes, injures dozens, arrests three men, arrests a suspect, is arrested for murder
opens fire on protesters, attacks a village, launches a missile, tests a nuclear weapon, withdraws troops, sends troops to the border
raises interest rates, cuts interest rates, reports higher profit, reports a quarterly loss, cuts 500 jobs, plans to buy a rival
agrees to pay $2 billion, sues a rival over patents, recalls vehicles, launches a new phone, raises its forecast, shares rise 3 percent
shares fall sharply, stocks close higher, oil prices fall, the dollar gains against the euro, visits the region, meets the president
resigns, is elected leader, dies at 87, is released from jail, is found dead, survives a plane crash, rescues miners, evacuates thousands
approves the budget, blocks the bill, passes a health care law, votes on independence, bans smoking, legalizes marriage, delays the launch
discovers a new planet, finds a treatment for cancer, reports new cases of the virus, confirms the outbreak, issues a storm warning
condemns the violence, defends the decision, urges calm, vows to fight, apologizes, accuses the West, expels diplomats, goes on strike
""")

NEWS_ENDINGS = _list("""
in the capital, in Baghdad, in Kabul, in Damascus, in Cairo, in Gaza, in Moscow, in Beijing, in London, in Paris, in New York
in Washington, in California, in Texas, in southern Thailand, in the north of the country, near the border, after the election
after a deadly attack, after an earthquake, amid protests, amid fears of war, on Monday, on Tuesday, on Friday, last week, this year
in the third quarter, according to a report, officials say, police say, state media reported, despite warnings, for the first time
a year ago, by the end of the year, over spying claims, over human rights, in a statement, at a news conference
""")

TASKS = _list("""
write a python function that sorts a list, fix this bug in my code, connect to a database, parse a json file, deploy a docker container
learn a new language, learn to play the guitar, lose weight, cook rice, bake bread, make a cake, boil eggs, grow tomatoes, remove a stain
fix a leaking tap, change a tire, sell my car, buy a house, rent an apartment, get a mortgage, open a bank account, transfer money abroad
pay my credit card bill, check my balance, report a lost card, change my pin, cancel my card, dispute a charge, get a refund, return an order
track my package, change my address, reset my password, delete my account, update my phone number, verify my identity, top up my account
book a flight, find a cheap hotel, rent a car, get a visa, plan a trip to Japan, pack for a week, exchange money, find a restaurant nearby
order a pizza, reserve a table, find a recipe, count the calories, set an alarm, set a timer, add an event to my calendar, schedule a meeting
remind me to call mom, play some music, skip this song, turn off the lights, raise the volume, send a text message, make a call
translate this sentence to French, summarize this article, write an email to my boss, write a cover letter, write a poem about love
write a short story, write an essay about climate change, explain quantum physics, explain how vaccines work, explain inflation
solve this equation, find the derivative of a function, compute the probability, convert miles to kilometers, calculate the tip
prove this theorem, find the area of a circle, choose a college, apply for a job, prepare for an interview, ask for a raise, quit my job
start a business, write a business plan, file my taxes, invest in stocks, save for retirement, build credit, improve my credit score
train a puppy, feed a cat, stop my dog from barking, treat a cold, lower my blood pressure, sleep better, deal with stress, meditate
make friends, deal with a breakup, plan a wedding, choose a gift, name my baby, help my child with homework, clean the oven, paint a room
install windows, speed up my computer, back up my phone, connect to wifi, update the software, recover deleted files, edit a photo
analyze this data, find research papers, generate an image, make a logo, design a website, create a chart, build a chatbot, scrape a website
find the weather forecast, read the news, find cheap deals, compare prices, find a job, search for a movie, listen to a podcast, find a doctor
""")

ASKING = _list("""
how do I {}?, how can I {}?, how to {}, what is the best way to {}?, can you help me {}?, i want to {}, i need to {}, please {}
could you {}?, what do i need to {}?, is it possible to {}?, should I {}?, tell me how to {}, why can't I {}?, i would like to {}
is it hard to {}?, how long does it take to {}?, what does it cost to {}?, i am trying to {}, help me {}, do you know how to {}?
when should I {}?, where can I {}?, is it ok to {}?, what is the easiest way to {}?, {}, you can {}, you should {}, don't {}
it is better to {}, i can't {}, i was able to {}, who can {}?
""")
