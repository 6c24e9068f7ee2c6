// What Cal.com's webhooks have in common, in the order in which Cal.com writes it. Packed bodies
// point into it (body_codec.hpp), so not a byte of it may ever change: another dictionary is
// another form.
#pragma once

#include <string_view>

namespace calytics::core {

inline constexpr std::string_view kBodyDictionary =
    // Meetings, whose booking is the root.
    R"({"triggerEvent":"MEETING_STARTED","id":{"triggerEvent":"MEETING_ENDED","id":)"
    R"(,"idempotencyKey":","userId":,"userPrimaryEmail":","startTime":","endTime":")"
    R"(","createdAt":","updatedAt":null,"status":"ACCEPTED","paid":true,"paid":false,)"
    R"("destinationCalendarId":null,"cancellationReason":null,"rejectionReason":null,)"
    R"("reassignReason":null,"reassignById":null,"dynamicEventSlugRef":null,)"
    R"("dynamicGroupSlugRef":null,"rescheduled":null,"fromReschedule":null,)"
    R"("recurringEventId":null,"smsReminderNumber":null,"scheduledJobs":[],"metadata":{},)"
    R"("isRecorded":false,"iCalUID":"@Cal.com","iCalSequence":0,"rating":null,)"
    R"("ratingFeedback":null,"noShowHost":false,"oneTimePassword":null,"cancelledBy":null,)"
    R"("rescheduledBy":null,"creationSource":"WEBAPP","user":{"email":","name":","timeZone":")"
    R"(","username":"},"attendees":[{"id":,"email":","phoneNumber":null,"locale":"en",)"
    R"("bookingId":,"noShow":false}],"payment":[],"references":[],)"
    // What webhooks of few triggers say.
    R"({"triggerEvent":"BOOKING_NO_SHOW_UPDATED","createdAt":"","payload":{"message":")"
    R"( marked as no-show","attendees":[{"email":","noShow":true}],"bookingUid":","bookingId":)"
    R"({"triggerEvent":"BOOKING_REQUESTED","createdAt":"{"triggerEvent":"BOOKING_REJECTED",)"
    R"("createdAt":"","status":"PENDING"}}"status":"REJECTED"}}"rejectionReason":")"
    R"({"triggerEvent":"BOOKING_PAYMENT_INITIATED","createdAt":"{"triggerEvent":"BOOKING_PAID",)"
    R"("createdAt":"","paymentId":,"paymentData":{"id":{"triggerEvent":"BOOKING_CANCELLED",)"
    R"("createdAt":"","payload":{"bookingId":,"type":","title":","description":","customInputs":{})"
    R"(,"responses":,"destinationCalendar":[],"cancelledBy":","cancellationReason":")"
    R"(","requestReschedule":true,"status":"CANCELLED"}}{"triggerEvent":"BOOKING_RESCHEDULED",)"
    R"("createdAt":"","rescheduleId":,"rescheduleUid":","rescheduleStartTime":")"
    R"(","rescheduleEndTime":","rescheduledBy":","assignmentReason":[{"reasonEnum":")"
    R"(","reasonString":","attendeeSeatId":","smsReminderNumber":"+","recurringEvent":{"freq":)"
    R"("usernameInOrg":","phoneNumber":"+"timeFormat":"h:mma","timeFormat":"HH:mm",)"
    R"("schedulingType":"ROUND_ROBIN","schedulingType":"COLLECTIVE","team":{"members":[{"id":)"
    R"(],"name":","id":},"utm_source":{"label":"utm_source","value":","isHidden":true},)"
    R"("utm_medium":{"label":"utm_medium","value":","isHidden":true},)"
    R"("utm_campaign":{"label":"utm_campaign","value":","isHidden":true},)"
    R"("utm_term":{"label":"utm_term","value":","isHidden":true},)"
    R"("utm_content":{"label":"utm_content","value":","isHidden":true},)"
    R"("gclid":{"label":"gclid","value":","isHidden":true},"metadata":{"utm_source":")"
    R"(","utm_medium":","utm_campaign":","calyticsSession":","videoCallUrl":")"
    R"(https://meet.google.com/https://app.cal.com/video/"},"integrations:google:meet)"
    R"(integrations:zoom"America/New_York"America/Los_Angeles"Europe/London"Europe/Paris)"
    R"("Europe/Berlin"Europe/Madrid"Asia/Kolkata"Australia/Sydney@gmail.com","@example.com",")"
    // A booking, from its beginning to its end.
    R"({"triggerEvent":"BOOKING_CREATED","createdAt":"2026-)"
    R"(","payload":{"bookerUrl":"https://app.cal.com","title":" between  and )"
    R"(","startTime":"2026-T10:00:00Z","endTime":"2026-T11:30:00Z","additionalNotes":"","type":")"
    R"(","description":"","eventTypeId":)"
    R"(,"hideCalendarNotes":false,"hideCalendarEventDetails":false,"hideOrganizerEmail":false,)"
    R"("schedulingType":null,"seatsPerTimeSlot":null,"seatsShowAttendees":true,)"
    R"("seatsShowAvailabilityCount":true,"customReplyToEmail":null,"disableRescheduling":false,)"
    R"("disableCancelling":false,"organizer":{"id":,"name":","email":","username":")"
    R"(","timeZone":"Europe/","language":{"locale":"en"},"timeFormat":"HH:mm","utcOffset":60},)"
    R"("attendees":[{"email":","name":","firstName":","lastName":","timeZone":")"
    R"(","language":{"locale":"en"},"utcOffset":0}],"customInputs":{},"responses":)"
    R"({"name":{"label":"your_name","value":","isHidden":false},)"
    R"("email":{"label":"email_address","value":","isHidden":false},)"
    R"("attendeePhoneNumber":{"label":"phone_number","isHidden":true},)"
    R"("location":{"label":"location","value":{"optionValue":"","value":"inPerson"},)"
    R"("value":"integrations:daily"},"isHidden":false},)"
    R"("title":{"label":"what_is_this_meeting_about","isHidden":true},)"
    R"("notes":{"label":"additional_notes","value":","isHidden":false},)"
    R"("guests":{"label":"additional_guests","value":[],"isHidden":false},)"
    R"("rescheduleReason":{"label":"reason_for_reschedule","value":","isHidden":false},)"
    R"("additional_notes","isHidden":false},"guests":{"label":"additional_guests",)"
    R"("isHidden":false},"rescheduleReason":{"label":"reason_for_reschedule","isHidden":false}},)"
    R"("userFieldsResponses":{},"location":"integrations:daily",)"
    R"("destinationCalendar":[{"id":,"integration":"google_calendar","externalId":")"
    R"(","primaryEmail":","userId":,"eventTypeId":null,"credentialId":,)"
    R"("delegationCredentialId":null}],"destinationCalendar":null,"iCalUID":")"
    R"(@Cal.com","iCalSequence":0,"requiresConfirmation":false,"oneTimePassword":null,)"
    R"("organizationId":null,"hashedLink":null,"uid":")"
    R"(","videoCallData":{"type":"daily_video","id":","password":","url":"https://)"
    R"("},"conferenceData":{"createRequest":{"requestId":")"
    R"("}},"appsStatus":[{"appName":"daily-video","type":"daily_video","success":1,"failures":0,)"
    R"("errors":[]}],"eventTitle":","eventDescription":","price":0,"currency":"usd","length":60,)"
    R"("bookingId":,"metadata":{},"status":"ACCEPTED"}})";

}  // namespace calytics::core
