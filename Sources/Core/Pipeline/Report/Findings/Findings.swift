/// What is worth looking at beside the scores.
package struct Findings: Sendable, Codable {
  /// Which classes are taken for which, by the student and with its knowledge base. Empty for regression.
  package var classes: [ClassBreakdown]
  package var calibration: [ProbabilityCalibration]
  /// The errors of a regression, by the student and with its knowledge base. `nil` for labels, and in reports of older versions.
  package var scores: [ScoreErrors]?
  /// Errors, disagreements, and what the knowledge base rescued or spoiled.
  package var texts: [ReportedText]
  package var map: KnowledgeMap?
  /// How the training went. Empty in an evaluation.
  package var curves: [LearningCurves] = []
  /// What the run was made of. `nil` in an evaluation.
  package var material: RunMaterial?

  package init(
    classes: [ClassBreakdown] = [], calibration: [ProbabilityCalibration] = [], texts: [ReportedText] = [],
    map: KnowledgeMap? = nil
  ) {
    (self.classes, self.calibration, self.texts, self.map) = (classes, calibration, texts, map)
  }
}
