//! The list of projects.

use server::accounts::project;

use crate::support::TestApp;

#[tokio::test]
async fn all_projects_are_found_however_many() {
    let app = TestApp::new().await;
    let own = project::ids(&app.app).await.unwrap().len();
    for number in 0..501 {
        project::create_project(&app.app, format!("p{number}"))
            .await
            .unwrap();
    }
    let ids = project::ids(&app.app).await.unwrap();
    assert_eq!(ids.len(), own + 501);
    let listed = project::list_projects(&app.app).await.unwrap();
    let listed_ids: Vec<_> = listed.iter().map(|project| project.project_id).collect();
    assert_eq!(listed_ids, ids);
    assert_eq!(listed[own].name, "p0", "oldest first");
}
