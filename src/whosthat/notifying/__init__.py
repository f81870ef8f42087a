"""Messages to programs that the user names, as people come and go: a web address that gets JSON, a broker of MQTT.

What belongs here: opening these connections, waiting for whoever is slow, giving up. What does not: who was seen, and when that is worth a
message (`recognition.presence`, `workflow.watching`). A notifier never keeps whoever tells it something waiting.
"""
