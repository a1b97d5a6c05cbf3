//! What clients report: uploads, tickets with their logs, and what becomes of them.

mod bucket;
pub mod client;
mod erased;
mod files;
mod flood;
mod guests;
mod keeping;
mod phones;
mod report;
mod secrets;
mod tickets;
mod uploads;

use crate::support::TestApp;

#[tokio::test]
async fn one_address_does_not_report_without_end() {
    let app = TestApp::with(&[("limits.reports_per_minute", "2")]).await;
    let guest = app.guest().await;
    let report = async |text: &str| {
        let body = serde_json::json!({"formData": {"description": text}});
        app.sdk("/bugs/v2", Some(&guest), body).await.status
    };
    assert_eq!(
        [report("a").await, report("b").await, report("c").await],
        [201, 201, 429]
    );
}
