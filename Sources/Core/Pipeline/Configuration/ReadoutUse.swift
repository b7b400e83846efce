import DistillCore

/// When a linear readout of the knowledge base's keys answers in the place of the student's classifier.
package enum ReadoutUse: String, CaseIterable, Sendable, OptionValue {
  /// If its loss on the held-out texts is less than the student's. Never without such texts, with class weights, which a readout does not
  /// know, and where no readout can be fitted.
  case auto
  case always
  case never
}
